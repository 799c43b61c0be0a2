"""How the sidecar logs: one event per line, as JSON or for people, and never with text from a caller."""

import logging
import sys

import structlog

from dispatcher.settings import LogFormat


def configure_logs(level: str, style: LogFormat) -> None:
    """Send structlog, and what libraries log, to standard error in one form."""
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()  # escapes control characters and all that isn't ASCII
        if style is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
