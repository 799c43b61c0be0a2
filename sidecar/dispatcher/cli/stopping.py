"""How a command that owns a process is told to stop: Ctrl-C, SIGTERM, or a terminal that closes."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

import typer

from dispatcher.cli.faults import ExitCode

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequest:
    """Cancels a task when a signal comes, unless the task waits for one anyway."""

    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task
        self._awaited = asyncio.Event()
        self._is_awaited = False
        self.exit_code: int | None = None

    def receive(self, number: signal.Signals) -> None:
        """Take note of a signal."""
        self.exit_code = ExitCode.INTERRUPTED if number is signal.SIGINT else ExitCode.TERMINATED
        if self._is_awaited:
            self._awaited.set()
        else:
            self._task.cancel()

    async def comes_within(self, wait_s: float) -> bool:
        """Whether a signal comes within `wait_s` seconds; such a one cancels nothing."""
        self._is_awaited = True
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._awaited.wait(), wait_s)
        finally:
            self._is_awaited = False
        return self._awaited.is_set()


def run_until_stopped(work: Callable[[StopRequest], Awaitable[None]]) -> None:
    """Run `work`; a signal cancels it, lets it clean up, and gives the exit code a shell expects."""
    asyncio.run(_watched(work))


async def _watched(work: Callable[[StopRequest], Awaitable[None]]) -> None:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine that runs is in a task
    stop = StopRequest(task)
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # ignored under nohup
            loop.add_signal_handler(number, stop.receive, number)
    try:
        await work(stop)
    except asyncio.CancelledError:
        if stop.exit_code is None:
            raise
        raise typer.Exit(stop.exit_code) from None  # the cancellation was ours, and ends here with the program
