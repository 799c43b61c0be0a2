"""Forgetting what is older than the log may be."""

import asyncio
from collections.abc import Callable

import structlog

from dispatcher.store.database import Database
from dispatcher.store.retention import purge

_LOG = structlog.get_logger(__name__)
_EVERY_S = 3600.0
_ROWS_MAX = 20_000
_DAY_S = 86_400.0


async def retain(database: Database, wall: Callable[[], float], days: float) -> None:
    """Delete log rows older than `days`, once an hour, for ever."""
    while True:
        gone = await purge(database, wall() - days * _DAY_S, _ROWS_MAX)
        if gone:
            _LOG.info("log_purged", rows=gone)
        await asyncio.sleep(_EVERY_S)
