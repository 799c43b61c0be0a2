"""A wire to an image registry that fails, once, in the middle of what is fetched over it."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from enum import StrEnum

from tests.engine.relay import Ends, Pump, chunks, pass_on, relay

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing forgets what wasn't sent yet, and says RST


class Failure(StrEnum):
    """How the wire fails."""

    CUT = "cut"  # the connection is reset
    STALL = "stall"  # the connection stays, and nothing comes any more


class CutProxy:
    """Passes everything on until one connection has carried `after_bytes` to who fetches: then that one fails.

    `failed` is set at that moment. All other connections go on, also those made later.
    """

    def __init__(self, upstream: str, failure: Failure, after_bytes: int) -> None:
        self._upstream = upstream
        self._failure = failure
        self._after_bytes = after_bytes
        self.failed = asyncio.Event()
        self.address = ""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["CutProxy"]:
        """Itself, while it listens on loopback."""
        async with relay(self._dial, self._pumps) as take, await asyncio.start_server(take, "127.0.0.1", 0) as server:
            self.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self

    async def _dial(self) -> Ends:
        host, _, port = self._upstream.partition(":")
        return await asyncio.open_connection(host, int(port))

    def _pumps(self) -> tuple[Pump, Pump]:
        return pass_on, self._pass_back

    async def _pass_back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carried = 0
        async for chunk in chunks(reader):
            writer.write(chunk)
            await writer.drain()
            carried += len(chunk)
            if carried >= self._after_bytes and not self.failed.is_set():
                self.failed.set()
                await self._fail(writer)
        writer.write_eof()

    async def _fail(self, writer: asyncio.StreamWriter) -> None:
        if self._failure is Failure.STALL:
            await asyncio.Event().wait()  # until the proxy ends
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        writer.transport.abort()
        raise ConnectionResetError
