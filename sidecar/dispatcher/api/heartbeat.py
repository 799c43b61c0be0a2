"""Signs of life while nothing of an answer has come: else proxies and clients give up on a quiet connection."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from types import TracebackType

from dispatcher.api.streams import ReplyStream
from dispatcher.errors import CallerGone

AFTER_S = 20.0
"""From then on, in seconds; until then an error is still told by its HTTP status."""
_EVERY_S = 10.0


class Heartbeat:
    """Writes `sign` now and then inside the block, as long as `is_over` isn't set.

    Args:
        headers: what is known by then of the choice.
    """

    def __init__(
        self,
        stream: ReplyStream,
        sign: bytes,
        headers: Callable[[], Mapping[str, str]],
        after_s: float = AFTER_S,
        every_s: float = _EVERY_S,
    ) -> None:
        self.is_over = False
        self._stream = stream
        self._sign = sign
        self._headers = headers
        self._after_s = after_s
        self._every_s = every_s
        self._beating: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._beating = asyncio.create_task(self._beat(), name="signs of life")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_over = True
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)

    async def _beat(self) -> None:
        pause_s = self._after_s
        with contextlib.suppress(CallerGone):  # its handler is told by aiohttp
            while True:
                await asyncio.sleep(pause_s)
                if self.is_over:
                    return
                self._stream.tell(self._headers())
                await self._stream.write(self._sign)
                pause_s = min(self._after_s, self._every_s)
