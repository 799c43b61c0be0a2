"""Forgets what is too old to keep, in bites small enough that other writers hardly wait."""

import aiosqlite

from dispatcher.store.database import Database

_CHUNK = 500

# Decisions go with their dispatch.
_DELETE_DISPATCHES = """
    DELETE FROM performance_logs WHERE rowid IN (
        SELECT rowid FROM performance_logs WHERE started_at < ? ORDER BY started_at LIMIT ?)
"""
_DELETE_LIFECYCLE = """
    DELETE FROM container_lifecycle WHERE id IN (
        SELECT id FROM container_lifecycle WHERE happened_at < ? ORDER BY happened_at LIMIT ?)
"""


async def purge(db: Database, before: float, rows_max: int) -> int:
    """Delete dispatches (with their decisions) and lifecycle rows from before a Unix time, oldest first.

    Returns: how many dispatches and lifecycle rows went; `rows_max` means there may be more.
    """
    deleted = 0
    for statement in (_DELETE_DISPATCHES, _DELETE_LIFECYCLE):
        deleted += await _delete(db, statement, before, rows_max - deleted)
    return deleted


async def _delete(db: Database, statement: str, before: float, rows_max: int) -> int:
    deleted = 0
    while deleted < rows_max:
        chunk = min(_CHUNK, rows_max - deleted)

        async def work(connection: aiosqlite.Connection, chunk: int = chunk) -> int:
            cursor = await connection.execute(statement, (before, chunk))
            return cursor.rowcount

        gone = await db.write(work)
        deleted += gone
        if gone < chunk:
            break
    return deleted
