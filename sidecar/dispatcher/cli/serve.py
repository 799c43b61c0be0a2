"""`ai-dispatch serve`: runs the sidecar until it is told to stop."""

from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli.faults import CommandFault
from dispatcher.cli.options import DataDir
from dispatcher.settings import LogFormat, load_settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", show_default="3000")] = None,
    data_dir: DataDir = None,
    log_format: Annotated[LogFormat | None, typer.Option(help="How log lines look.", show_default="json")] = None,
    log_level: Annotated[
        str | None, typer.Option(metavar="debug|info|warning|error", help="Least severe level.", show_default="info")
    ] = None,
) -> None:
    """Start the sidecar and keep it running; Ctrl-C stops it.

    Every setting is also an environment variable AI_DISPATCH_…; what is given here wins.

    \b
    Examples:
      ai-dispatch serve
      ai-dispatch serve --port 3001 --log-format console
      AI_DISPATCH_MEMORY_MIB=4096 ai-dispatch serve
      ai-dispatch serve --data-dir /var/lib/ai-dispatch
    """
    settings = load_settings(
        {"host": host, "port": port, "data_dir": _absolute(data_dir), "log_format": log_format, "log_level": log_level}
    )
    from dispatcher import app  # brings in every room; the other commands start without them

    try:
        app.serve(settings)
    except OSError as error:
        raise CommandFault(f"the sidecar can't run: {error.strerror or error}") from error


def _absolute(path: Path | None) -> Path | None:
    return path.expanduser().absolute() if path else None
