"""Telling the caller of a stream, while nothing is written yet, what the dispatch waits for."""

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType

from dispatcher.api.containers import fetching_reply, rounded
from dispatcher.api.events import EventStream
from dispatcher.api.schemas import WaitingEvent
from dispatcher.core.task import ModelId
from dispatcher.errors import CallerGone
from dispatcher.service.fleet import Fleet
from dispatcher.service.replica import ready_in_s

_EVERY_S = 1.0


class Waiting:
    """Sends an event a second, the first after one second, inside the block and until `is_over`.

    Args:
        now: the monotonic clock, in seconds.
    """

    def __init__(self, stream: EventStream, fleet: Fleet, now: Callable[[], float]) -> None:
        self.is_over = False
        self._stream = stream
        self._fleet = fleet
        self._now = now
        self._since_s = now()
        self._model_id: ModelId | None = None
        self._telling: asyncio.Task[None] | None = None

    def on_wait(self, model_id: ModelId) -> None:
        """Note which model the dispatch waits for."""
        self._model_id = model_id

    async def __aenter__(self) -> None:
        self._telling = asyncio.create_task(self._tell(), name="tell who waits")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_over = True
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    async def _tell(self) -> None:
        with contextlib.suppress(CallerGone):  # its handler is told by aiohttp
            while not self.is_over:
                await asyncio.sleep(_EVERY_S)
                event = self._event()
                if event is not None and not self.is_over:
                    await self._stream.send("waiting", event)

    def _event(self) -> WaitingEvent | None:
        if self._model_id is None:
            return None
        now_s = self._now()
        replica = self._fleet.nearest(self._model_id)
        return WaitingEvent(
            model=self._model_id,
            state=replica.state if replica else None,
            ahead=len(self._fleet.waiters(self._model_id)) + (replica.in_flight if replica else 0),
            waited_s=round(now_s - self._since_s, 1),
            ready_in_s=rounded(ready_in_s(replica, now_s)) if replica else None,
            fetching=fetching_reply(replica) if replica else None,
        )
