"""A table of notes that tests write to, beside the real ones."""

import asyncio
from collections.abc import Awaitable, Callable

import aiosqlite

from dispatcher.store.database import Database

Work = Callable[[aiosqlite.Connection], Awaitable[None]]


async def make_notes(db: Database) -> None:
    """Add the table."""

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT")

    await db.write(work)


def note(*texts: str) -> Work:
    """A work that writes these notes, one after the other."""

    async def work(connection: aiosqlite.Connection) -> None:
        for text in texts:
            await connection.execute("INSERT INTO notes (text) VALUES (?)", (text,))

    return work


async def all_notes(db: Database) -> list[str]:
    """What is written, in the order of writing."""

    async def work(connection: aiosqlite.Connection) -> list[str]:
        return [text for (text,) in await connection.execute_fetchall("SELECT text FROM notes ORDER BY id")]

    return await db.read(work)


async def writing_connection(db: Database) -> aiosqlite.Connection:
    """The writer's own connection, to look at."""

    async def work(connection: aiosqlite.Connection) -> aiosqlite.Connection:
        return connection

    return await db.write(work)


class Gate:
    """A work that holds the writer until it is opened, so that what is sent meanwhile waits together."""

    def __init__(self) -> None:
        self.is_reached = asyncio.Event()
        self._may_go = asyncio.Event()

    async def __call__(self, connection: aiosqlite.Connection) -> None:
        """Hold."""
        self.is_reached.set()
        await self._may_go.wait()

    def open(self) -> None:
        """Let the writer go on."""
        self._may_go.set()


async def closed_gate(db: Database) -> Gate:
    """A gate that holds the database's writer now."""
    gate = Gate()
    db.post(gate)
    await gate.is_reached.wait()
    return gate
