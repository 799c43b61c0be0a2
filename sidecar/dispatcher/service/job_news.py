"""Telling those who wait for jobs that they are finished."""

import asyncio
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from dispatcher.core.job import JobId


class Listener:
    """Someone who waits for some jobs. Tell it with `finished`; it waits for the first of them, or for all."""

    def __init__(self, ids: Collection[JobId], *, for_all: bool) -> None:
        self._left = set(ids)
        self._for_all = for_all
        self._heard = asyncio.Event()

    @property
    def ids(self) -> frozenset[JobId]:
        """Those that aren't finished yet."""
        return frozenset(self._left)

    def finished(self, job_id: JobId) -> None:
        """Note that one of them is finished."""
        self._left.discard(job_id)
        if not (self._for_all and self._left):
            self._heard.set()

    def stop(self) -> None:
        """Let it wait no longer."""
        self._heard.set()

    async def wait(self, wait_s: float) -> None:
        """Wait, but no longer than `wait_s` seconds."""
        try:
            async with asyncio.timeout(wait_s):
                await self._heard.wait()
        except TimeoutError:
            return


class JobNews:
    """Who waits for which job, in this process; what happened meanwhile stands in the database."""

    def __init__(self) -> None:
        self._listeners: dict[JobId, set[Listener]] = {}
        self._is_over = False
        self.finished_count = 0
        self.something = asyncio.Event()  # set whenever a job is finished; whoever waits for that clears it

    @property
    def is_over(self) -> bool:
        """Whether the sidecar is stopping, so that no news will come."""
        return self._is_over

    @contextmanager
    def listening(self, ids: Collection[JobId], *, for_all: bool) -> Iterator[Listener]:
        """Listen inside the block. Listen first and look then, so that nothing is missed in between."""
        listener = Listener(ids, for_all=for_all)
        for job_id in ids:
            self._listeners.setdefault(job_id, set()).add(listener)
        if self._is_over:
            listener.stop()
        try:
            yield listener
        finally:
            for job_id in ids:
                self._listeners[job_id].discard(listener)
                if not self._listeners[job_id]:
                    del self._listeners[job_id]

    def finished(self, ids: Iterable[JobId]) -> None:
        """Tell whoever waits for these jobs that they are finished, in whatever way."""
        self.something.set()
        for job_id in ids:
            self.finished_count += 1
            for listener in tuple(self._listeners.get(job_id, ())):
                listener.finished(job_id)

    def close(self) -> None:
        """Let nobody wait any longer."""
        self._is_over = True
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.stop()
