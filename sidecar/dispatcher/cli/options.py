"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print the sidecar's reply as one line of JSON.")]
ModelArgument = Annotated[
    str, typer.Argument(metavar="ID", help="A model, as `ai-dispatch models` lists it.", show_default=False)
]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", file_okay=False, help="Folder of the database, tokens and logs.", show_default=False),
]


def url_of(context: typer.Context) -> str:
    """The sidecar's address, as the program's `--url` or the environment gave it."""
    url = context.obj
    assert isinstance(url, str)  # noqa: S101 - set by the program before any command runs
    return url
