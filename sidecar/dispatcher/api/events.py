"""Server-sent events: a reply that is written while it comes to be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from pydantic import BaseModel

from dispatcher.errors import CallerGone

_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would hold the events back
    "X-Content-Type-Options": "nosniff",
}


class EventStream:
    """One stream of events to one caller; opened by its first event.

    Args:
        write_timeout_s: how long a write may wait for a caller who doesn't read; then the connection is cut.
    """

    def __init__(self, request: web.Request, write_timeout_s: float) -> None:
        self._request = request
        self._write_timeout_s = write_timeout_s
        self._response = web.StreamResponse(headers=_HEADERS)
        self._turn = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether anything was sent, so that an error must be sent as an event."""
        return self._response.prepared

    async def send(self, event: str, data: BaseModel) -> None:
        """Write one event, whole, whoever else writes; waits while the caller reads slowly.

        Raises: CallerGone, and then nothing more can be sent.
        """
        async with self._turn, self._caller():
            if not self._response.prepared:
                await self._response.prepare(self._request)
            await self._response.write(f"event: {event}\ndata: {data.model_dump_json(by_alias=True)}\n\n".encode())

    async def end(self) -> web.StreamResponse:
        """Close the stream. CallerGone likewise."""
        async with self._caller():
            await self._response.write_eof()
        return self._response

    @asynccontextmanager
    async def _caller(self) -> AsyncIterator[None]:
        """Write to the caller in the block, as long as it is there and reads."""
        try:
            async with asyncio.timeout(self._write_timeout_s):
                yield
        except ConnectionError as error:
            raise CallerGone("the caller left") from error
        except TimeoutError as error:
            if self._request.transport is not None:
                self._request.transport.abort()
            raise CallerGone(f"the caller read nothing for {self._write_timeout_s:g} s") from error
