"""Does several works in one transaction: one wait for the disk, and each failure undoes only its own rows."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiosqlite

Work = Callable[[aiosqlite.Connection], Awaitable[Any]]
"""Does SQL on the connection it gets; no BEGIN, no COMMIT."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one work came out: what it returned, or what it raised."""

    value: Any = None
    error: BaseException | None = None


async def in_one_transaction(connection: aiosqlite.Connection, works: Sequence[Work]) -> list[Ended]:
    """Do the works in order and commit; return how each ended, as long as the transaction itself holds.

    Raises: sqlite3.Error when the transaction breaks (a full disk, say): nothing of the group is kept then.
    In no case is it left open.
    """
    try:
        await connection.execute("BEGIN IMMEDIATE")
        ends = [await _in_savepoint(connection, work) for work in works]
        await connection.execute("COMMIT")
    except BaseException:
        # Waits behind the statement under way in the connection's thread; does nothing when no transaction is open.
        await connection.rollback()
        raise
    return ends


async def _in_savepoint(connection: aiosqlite.Connection, work: Work) -> Ended:
    await connection.execute("SAVEPOINT job")
    try:
        ended = Ended(await work(connection))
    except (Exception, asyncio.CancelledError) as error:
        # On some disk errors SQLite undoes the whole transaction by itself. And a cancel may be meant for this task.
        if _is_being_cancelled() or (isinstance(error, sqlite3.Error) and not connection.in_transaction):
            raise
        await connection.execute("ROLLBACK TO job")  # fails, as it should, when the work itself ended the transaction
        ended = Ended(error=error)
    await connection.execute("RELEASE job")
    return ended


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
