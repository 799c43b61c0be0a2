"""Work that outlives its caller: kept tasks, and loops that start again when they fail."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

_LOG = structlog.get_logger(__name__)
_BACKOFF_S = 1.0
_BACKOFF_MAX_S = 60.0


class KeptTasks:
    """Tasks that belong to the sidecar, not to a caller; all end with it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def keep(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Start work and keep it until it is done, whoever waits for it. An error is logged."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def supervise(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Run a loop for as long as the sidecar lives: when it fails, log it, wait, and run it again."""
        self.keep(_supervised(work, name), name)

    async def close(self) -> None:
        """Cancel all that still runs, and wait until it has ended."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("task_failed", task=task.get_name(), error=repr(error))


async def _supervised(work: Callable[[], Awaitable[None]], name: str) -> None:
    clock, backoff_s = asyncio.get_running_loop().time, _BACKOFF_S
    while True:
        begun_s = clock()
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - a loop of the sidecar must not end by a fault nobody thought of
            _LOG.exception("loop_failed", loop=name, error=repr(error), again_in_s=backoff_s)
        if clock() - begun_s > _BACKOFF_MAX_S:
            backoff_s = _BACKOFF_S  # it had been well for long
        await asyncio.sleep(backoff_s)
        backoff_s = min(backoff_s * 2, _BACKOFF_MAX_S)
