"""Server-sent events: a reply that is written while it comes to be."""

import asyncio

from aiohttp import web
from pydantic import BaseModel

_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would hold the events back
    "X-Content-Type-Options": "nosniff",
}


class EventStream:
    """One stream of events to one caller; opened by its first event."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._response = web.StreamResponse(headers=_HEADERS)
        self._turn = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether anything was sent, so that an error must be sent as an event."""
        return self._response.prepared

    async def send(self, event: str, data: BaseModel) -> None:
        """Write one event, whole, whoever else writes; waits while the caller reads slowly."""
        async with self._turn:
            if not self._response.prepared:
                await self._response.prepare(self._request)
            await self._response.write(f"event: {event}\ndata: {data.model_dump_json(by_alias=True)}\n\n".encode())

    async def end(self) -> web.StreamResponse:
        """Close the stream."""
        await self._response.write_eof()
        return self._response
