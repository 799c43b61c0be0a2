"""When an answer under way is given up: at its deadline, or after a silence that no working server keeps."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from dispatcher.core.deadline import Deadline
from dispatcher.core.task import ModelId
from dispatcher.errors import DeadlineExceeded, RuntimeStalled


class AnswerClock:
    """Runs while an answer is waited for; made by `answer_clock`.

    A caller who reads slowly makes the server wait: that is no silence of the server's.
    """

    def __init__(self, timeout: asyncio.Timeout, deadline: Deadline, now: Callable[[], float]) -> None:
        self.is_waiting_for_the_server = True
        self._timeout = timeout
        self._deadline = deadline
        self._now = now
        self._listen_s(deadline.first_token_s)

    def heard(self) -> None:
        """The server said something."""
        self._listen_s(self._deadline.between_s)

    async def while_told(self, telling: Awaitable[None]) -> None:
        """Wait for the caller to take in a piece, with the deadline as the only limit."""
        self._listen_s(float("inf"))
        await telling
        self.heard()

    def _listen_s(self, silence_s: float) -> None:
        remaining_s = self._deadline.remaining_s(self._now())
        self.is_waiting_for_the_server = silence_s < remaining_s
        self._timeout.reschedule(asyncio.get_running_loop().time() + min(silence_s, remaining_s))


@asynccontextmanager
async def answer_clock(model_id: ModelId, deadline: Deadline, now: Callable[[], float]) -> AsyncIterator[AnswerClock]:
    """Give up the block's wait at the deadline, or when the server is silent for too long.

    Raises: DeadlineExceeded, RuntimeStalled.
    """
    started_s = now()
    timeout = asyncio.timeout(deadline.remaining_s(started_s))
    clock: AnswerClock | None = None
    try:
        async with timeout:
            clock = AnswerClock(timeout, deadline, now)
            yield clock
    except TimeoutError as error:
        if not timeout.expired():  # it is the block's own
            raise
        waited_s = now() - started_s
        if clock is not None and clock.is_waiting_for_the_server:
            raise RuntimeStalled(
                f"{model_id} fell silent: its answer didn't go on, {waited_s:.1f} s after it was asked "
                "(AI_DISPATCH_STALL_S)"
            ) from error
        raise DeadlineExceeded(f"{model_id} didn't finish within the {waited_s:.1f} s it had") from error
