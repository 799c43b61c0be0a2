"""The one door to SQLite: a single writer that groups commits, and a few readers that can't write."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

import aiosqlite

from dispatcher.store.connection import connect, prepare_reader, prepare_writer
from dispatcher.store.faults import faults_of
from dispatcher.store.migrate import migrate
from dispatcher.store.migrations import migrations
from dispatcher.store.readers import Readers
from dispatcher.store.writer import Writer

T = TypeVar("T")


class Database:
    """One SQLite file, open. Make it with `open`; nothing is lost that `write` has returned from.

    A work function gets a connection and does only SQL on it: no BEGIN, no COMMIT, no waiting for anything else.
    """

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        posts_max: int = 10_000,
        writes_max: int = 1_000,
        reads_max: int = 64,
        read_timeout_s: float = 10.0,
        readers: int = 2,
    ) -> "Database":
        """Open the file, or make it (mode 600, in a folder that exists), and bring its schema up to date.

        Args:
            posts_max, writes_max, reads_max: how many of each may wait; beyond, posts are dropped and calls refused.
        Raises: StoreError naming the path and the fix: no such folder, read-only, not a database, from a newer version.
        """
        steps = await asyncio.to_thread(migrations)
        with faults_of(path):
            async with AsyncExitStack() as opened:
                writing = await opened.enter_async_context(await connect(path))
                await migrate(writing, path, steps)
                await prepare_writer(writing, path)
                reading = [await opened.enter_async_context(await connect(path)) for _ in range(readers)]
                for connection in reading:
                    await prepare_reader(connection)
                opened.pop_all()
        return cls(Writer(writing, path, posts_max, writes_max), Readers(reading, path, reads_max, read_timeout_s))

    async def write(self, work: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
        """Do `work` in the next transaction and return its result once that is on the disk.

        A caller that is cancelled leaves its work behind whole: it is done, or has failed, but never by half.

        Raises: whatever `work` raised (SQLite's errors as StoreError); Overloaded when too many writes wait.
        """
        return await self._writer.write(work)

    def post(self, work: Callable[[aiosqlite.Connection], Awaitable[object]]) -> bool:
        """Have `work` done soon, without waiting or ever raising; dropped and counted when too many posts wait.

        Returns: whether it will be done.
        """
        return self._writer.post(work)

    def drop(self) -> None:
        """Count one that its sender has dropped itself, because too many wait."""
        self._writer.drop()

    async def read(self, work: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
        """Do `work` on a connection that can't write, and return its result.

        Raises: StoreError, also when it takes too long; Overloaded when too many reads wait.
        """
        return await self._readers.read(work)

    async def empty_log(self) -> bool:
        """Cut SQLite's log, so that nothing deleted is left in it either; False when readers were in the way.

        Raises: StoreError when the database is closed.
        """
        return await self._writer.empty_log()

    @property
    def dropped_posts(self) -> int:
        """How many posts were dropped because too many waited, or because the database was closed."""
        return self._writer.dropped_posts

    @property
    def failed_posts(self) -> int:
        """How many posts were tried and couldn't be written."""
        return self._writer.failed_posts

    async def close(self) -> None:
        """Refuse new work, write what is waiting, then close. May be called again."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="store-close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        # Readers go first: whoever closes last copies the log back into the file, and only the writer may do that.
        await self._readers.close()
        await self._writer.close()
