"""Server-sent events: a reply that is written while it comes to be."""

from collections.abc import Mapping
from types import MappingProxyType

from aiohttp import web
from pydantic import BaseModel

from dispatcher.api.streams import ReplyStream


class EventStream:
    """One stream of events to one caller; opened by its first event. See ReplyStream."""

    def __init__(
        self, request: web.Request, write_timeout_s: float, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._stream = ReplyStream(request, write_timeout_s, "text/event-stream")
        self._stream.tell(headers)

    @property
    def is_open(self) -> bool:
        """Whether anything was sent, so that an error must be sent as an event."""
        return self._stream.is_open

    async def send(self, event: str, data: BaseModel) -> None:
        """Write one event. CallerGone when the caller has left."""
        await self._stream.write(f"event: {event}\ndata: {data.model_dump_json(by_alias=True)}\n\n".encode())

    async def end(self) -> web.StreamResponse:
        """Close the stream. CallerGone likewise."""
        return await self._stream.end()
