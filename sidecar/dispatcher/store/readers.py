"""A few connections that can't write, lent to one reader each at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import aiosqlite

from dispatcher.errors import Overloaded, StoreError
from dispatcher.store.faults import faults_of

T = TypeVar("T")

_RETRY_AFTER_S = 1.0
_INTERRUPT_EVERY_S = 0.01


class Readers:
    """The pool. `reads_max` bounds how many read or wait; `timeout_s` how long one may, waiting included."""

    def __init__(
        self, connections: Sequence[aiosqlite.Connection], path: Path, reads_max: int, timeout_s: float
    ) -> None:
        self._idle: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        for connection in connections:
            self._idle.put_nowait(connection)
        self._size = len(connections)
        self._path = path
        self._reads_max = reads_max
        self._timeout_s = timeout_s
        self._reads = 0
        self._is_closed = False
        self._freeing: set[asyncio.Task[None]] = set()  # the loop itself holds tasks only weakly

    async def read(self, work: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
        """Do `work` on the next free connection and return its result."""
        if self._is_closed:
            raise StoreError(f"The database {self._path} is closed: the sidecar is stopping.")
        if self._reads >= self._reads_max:
            raise Overloaded("Too many reads of the database wait: try again.", retry_after_s=_RETRY_AFTER_S)
        self._reads += 1
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._read(work)
        except TimeoutError as error:
            raise StoreError(f"Reading {self._path} took more than {self._timeout_s:g} s: ask for less.") from error
        finally:
            self._reads -= 1

    async def close(self) -> None:
        """Take no more, let those under way finish, close every connection."""
        self._is_closed = True
        for _ in range(self._size):
            connection = await self._idle.get()
            await connection.close()
        self._size = 0

    async def _read(self, work: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
        connection = await self._idle.get()
        try:
            with faults_of(self._path):
                result = await work(connection)
        except asyncio.CancelledError:
            freeing = asyncio.create_task(self._free(connection), name="store-reader-free")
            self._freeing.add(freeing)
            freeing.add_done_callback(self._freeing.discard)
            raise
        except BaseException:
            self._idle.put_nowait(connection)
            raise
        self._idle.put_nowait(connection)
        return result

    async def _free(self, connection: aiosqlite.Connection) -> None:
        """Lend a connection again once its thread has let go of the query nobody waits for any more."""
        free = asyncio.ensure_future(connection.rollback())  # nothing to roll back: it only waits its turn
        while not free.done():
            await connection.interrupt()  # does nothing to a query that hasn't begun, so again
            await asyncio.wait([free], timeout=_INTERRUPT_EVERY_S)
        self._idle.put_nowait(connection)
