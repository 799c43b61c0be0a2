"""Brings a database from the schema it has to the one this version needs."""

from collections.abc import Sequence
from pathlib import Path

import aiosqlite

from dispatcher.errors import StoreError
from dispatcher.store.migrations import Migration


async def migrate(connection: aiosqlite.Connection, path: Path, steps: Sequence[Migration]) -> None:
    """Apply the steps the database hasn't seen, each in a transaction of its own, so that a broken-off one can go on.

    Raises: StoreError when the database comes from a newer version; nothing is changed then.
    """
    known = steps[-1].version
    version = await _version(connection)
    if version > known:
        raise StoreError(
            f"The database {path} has schema {version}, but this version of AI Dispatch knows schemas up to {known}: "
            "update AI Dispatch, or name another data folder."
        )
    for step in steps:
        if step.version > version:
            await _apply(connection, step)


async def _version(connection: aiosqlite.Connection) -> int:
    cursor = await connection.execute("PRAGMA user_version")
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _apply(connection: aiosqlite.Connection, step: Migration) -> None:
    script = f"BEGIN IMMEDIATE;\n{step.sql}\nPRAGMA user_version = {step.version};\nCOMMIT;"
    try:
        await connection.executescript(script)
    except BaseException:  # also when cancelled: the rollback waits behind the script in the connection's own thread
        await connection.rollback()
        raise
