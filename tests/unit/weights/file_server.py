"""A web server with one file, that can break off, stall, lie and redirect."""

import asyncio
from types import TracebackType
from typing import Self

from aiohttp import web


class FileServer:
    """Serves `content` at `url`. The switches may be set at any time.

    Args of a request: `break_after`, `stall_after` count bytes of one answer's body; None for never.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.break_after: list[int] = []  # one for each answer, in order; then no more
        self.stall_after: int | None = None
        self.status = 200
        self.location = ""
        self.takes_ranges = True
        self.says_length = True
        self.ranges: list[str] = []  # what was asked for
        self.started = asyncio.Event()  # the first bytes of a body are out
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{name}", self._get)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/tiny.gguf"
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def _get(self, request: web.Request) -> web.StreamResponse:
        asked = request.headers.get("Range", "")
        self.ranges.append(asked)
        if self.location and request.match_info["name"] == "tiny.gguf":
            return web.Response(status=302, headers={"Location": self.location})
        if self.status != 200:
            return web.Response(status=self.status)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.takes_ranges else 0
        if start >= len(self.content):
            return web.Response(status=416)
        return await self._send(request, start)

    async def _send(self, request: web.Request, start: int) -> web.StreamResponse:
        body = self.content[start:]
        response = web.StreamResponse(status=206 if start else 200)
        if start:
            response.headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        if self.says_length:
            response.content_length = len(body)
        await response.prepare(request)
        break_after = self.break_after.pop(0) if self.break_after else len(body)
        for at in range(0, len(body), 65536):
            if self.stall_after is not None and at >= self.stall_after:
                await asyncio.Event().wait()
            if at >= break_after and request.transport:
                request.transport.close()
                return response
            await response.write(body[at : at + 65536])
            self.started.set()
            await self.may_go_on.wait()
        return response
