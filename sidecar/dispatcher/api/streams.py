"""A reply that is written while it comes to be, in whatever protocol."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from dispatcher.errors import CallerGone

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would hold the reply back
    "X-Content-Type-Options": "nosniff",
}


class ReplyStream:
    """One reply to one caller; opened by the first that is sent.

    Args:
        write_timeout_s: how long a write may wait for a caller who doesn't read; then the connection is cut.
    """

    def __init__(self, request: web.Request, write_timeout_s: float, media_type: str) -> None:
        self._request = request
        self._write_timeout_s = write_timeout_s
        self._response = web.StreamResponse(headers={"Content-Type": media_type, **_HEADERS})
        self._turn = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether anything was sent, so that an error must be sent in the protocol's own way."""
        return self._response.prepared

    def tell(self, headers: Mapping[str, str]) -> None:
        """Add headers, as long as nothing was sent."""
        if not self._response.prepared:
            self._response.headers.update(headers)

    async def write(self, data: bytes) -> None:
        """Write, whole, whoever else writes; waits while the caller reads slowly.

        Raises: CallerGone, and then nothing more can be sent.
        """
        async with self._turn, self._caller():
            if not self._response.prepared:
                await self._response.prepare(self._request)
            await self._response.write(data)

    async def end(self) -> web.StreamResponse:
        """Close the reply. CallerGone likewise."""
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
