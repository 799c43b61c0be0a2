"""The only task that writes: takes work from a queue, and commits what is waiting as one group."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
import structlog

from dispatcher.errors import Overloaded, StoreError
from dispatcher.store.faults import store_error
from dispatcher.store.group import Ended, Work, in_one_transaction

T = TypeVar("T")

_GROUP_MAX = 256
_RETRY_AFTER_S = 1.0
_READERS_WAIT_MS = 100
_BUSY_WAIT_MS = 5000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    work: Work
    done: asyncio.Future[Any] | None  # None for a post: nobody waits for it


class Writer:
    """Owns the writing connection. Callers send it work and await a future, so none can leave a transaction open."""

    def __init__(self, connection: aiosqlite.Connection, path: Path, posts_max: int, writes_max: int) -> None:
        self.dropped_posts = 0
        self.failed_posts = 0
        self._connection = connection
        self._path = path
        self._posts_max = posts_max
        self._writes_max = writes_max
        self._posts_waiting = 0
        self._writes_waiting = 0
        self._jobs: asyncio.Queue[_Job | None] = asyncio.Queue()  # bounded by the two counters; None ends it
        self._is_closed = False
        self._is_dropping = False
        self._emptyings: list[asyncio.Future[bool]] = []
        self._task = asyncio.create_task(self._run(), name="store-writer")

    async def write(self, work: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
        """Have `work` done, and return its result after the commit."""
        if self._is_closed:
            raise self._closed()
        if self._writes_waiting >= self._writes_max:
            raise Overloaded("Too many writes wait for the disk: try again.", retry_after_s=_RETRY_AFTER_S)
        self._writes_waiting += 1
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put_nowait(_Job(work, done))
        return await asyncio.shield(done)

    def post(self, work: Work) -> bool:
        """Have `work` done some time; drop it when too many wait, and return whether it wasn't."""
        if self._is_closed or self._posts_waiting >= self._posts_max:
            self.drop()
            return False
        self._posts_waiting += 1
        self._jobs.put_nowait(_Job(work, None))
        return True

    def drop(self) -> None:
        """Count a post that isn't done."""
        self.dropped_posts += 1
        if not self._is_dropping:  # one line for a burst; it is over when no more than half wait again
            self._is_dropping = True
            log.error("store_posts_dropped", waiting=self._posts_waiting, dropped_posts=self.dropped_posts)

    async def empty_log(self) -> bool:
        """Have the log copied back into the file and cut to nothing; False when readers are in the way."""
        if self._is_closed:
            raise self._closed()
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._emptyings.append(done)
        self.post(_nothing)  # so that the task comes by
        return await asyncio.shield(done)

    async def close(self) -> None:
        """Take no more, write what waits, close the connection."""
        if not self._is_closed:
            self._is_closed = True
            self._jobs.put_nowait(None)
        await asyncio.wait([self._task])
        await self._connection.close()

    async def _run(self) -> None:
        try:
            while group := await self._next_group():
                await self._commit(group)
                if self._emptyings:
                    await self._empty_log()
        finally:  # cancelled from outside, as at the end of asyncio.run: nobody may wait for ever
            self._is_closed = True
            self._refuse_the_rest()
            self._log_is_emptied(False)  # the last connection to close does that

    async def _next_group(self) -> list[_Job]:
        """Wait for one job, then take all that are there; empty when closed and drained."""
        group: list[_Job] = []
        job = await self._jobs.get()
        while job is not None:
            self._count_out(job)
            group.append(job)
            if len(group) == _GROUP_MAX or self._jobs.empty():
                return group
            job = self._jobs.get_nowait()
        if group:
            self._jobs.put_nowait(None)
        return group

    async def _commit(self, group: list[_Job]) -> None:
        try:
            ends = await in_one_transaction(self._connection, [job.work for job in group])
        except sqlite3.Error as error:  # the disk; this group is lost, the next may do better
            ends = [Ended(error=error) for _ in group]
        except BaseException:  # cancelled
            self._answer(group, [Ended(error=self._closed()) for _ in group])
            raise
        self._answer(group, ends)

    async def _empty_log(self) -> None:
        # Not in a transaction, and without the long wait for readers: everybody's writes stand behind this.
        try:
            await self._connection.execute(f"PRAGMA busy_timeout = {_READERS_WAIT_MS}")
            (row,) = await self._connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            await self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_WAIT_MS}")
        except sqlite3.Error as error:
            log.warning("store_log_not_emptied", reason=self._reason(error))
            self._log_is_emptied(False)
        else:
            self._log_is_emptied(row[0] == 0)

    def _log_is_emptied(self, is_empty: bool) -> None:
        emptyings, self._emptyings = self._emptyings, []
        for done in emptyings:
            done.set_result(is_empty)

    def _answer(self, group: list[_Job], ends: list[Ended]) -> None:
        lost: list[BaseException] = []
        for job, ended in zip(group, ends, strict=True):
            if job.done is not None:
                self._tell(job.done, ended)
            elif ended.error is not None:
                lost.append(ended.error)
        if lost:
            self.failed_posts += len(lost)
            log.error("store_posts_failed", posts=len(lost), reason=self._reason(lost[0]))

    def _tell(self, caller: asyncio.Future[Any], ended: Ended) -> None:
        if ended.error is None:
            caller.set_result(ended.value)
        elif isinstance(ended.error, asyncio.CancelledError):
            caller.cancel()
        else:
            caller.set_exception(self._translated(ended.error))

    def _reason(self, error: BaseException) -> str:
        # SQLite's words only: another error's might quote what was to be written.
        translated = self._translated(error)
        return translated.message if isinstance(translated, StoreError) else type(error).__name__

    def _translated(self, error: BaseException) -> BaseException:
        if not isinstance(error, sqlite3.Error):
            return error
        translated = store_error(self._path, error)  # one for each caller: they add their tracebacks to it
        translated.__cause__ = error
        return translated

    def _count_out(self, job: _Job) -> None:
        if job.done is not None:
            self._writes_waiting -= 1
            return
        self._posts_waiting -= 1
        if self._posts_waiting <= self._posts_max // 2:
            self._is_dropping = False

    def _refuse_the_rest(self) -> None:
        while not self._jobs.empty():
            if (job := self._jobs.get_nowait()) is not None:
                self._count_out(job)
                self._answer([job], [Ended(error=self._closed())])

    def _closed(self) -> StoreError:
        return StoreError(f"The database {self._path} is closed: the sidecar is stopping.")


async def _nothing(_connection: aiosqlite.Connection) -> None:
    """Write nothing."""
