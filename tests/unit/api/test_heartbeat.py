"""A stream of which nothing has come yet gives signs of life."""

import asyncio

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from dispatcher.api.heartbeat import Heartbeat
from dispatcher.api.streams import ReplyStream

SIGN = b": waiting\n\n"


async def test_signs_come_until_the_answer_does_and_tell_what_is_known_by_then() -> None:
    seen = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        stream = ReplyStream(request, 5.0, "text/event-stream")
        heartbeat = Heartbeat(stream, SIGN, lambda: {"x-dispatch-id": "d_1"}, after_s=0.01)
        async with heartbeat:
            await seen.wait()
            heartbeat.is_over = True
            await stream.write(b"data: 1\n\n")
        return await stream.end()

    app = web.Application()
    app.router.add_get("/", handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as http, http.get(server.make_url("/")) as response:
        assert response.headers["x-dispatch-id"] == "d_1"
        assert await response.content.readexactly(2 * len(SIGN)) == 2 * SIGN
        seen.set()
        rest = await response.content.read()
    assert rest.endswith(b"data: 1\n\n")
    assert not rest.replace(SIGN, b"").replace(b"data: 1\n\n", b"")


async def test_an_answer_that_comes_soon_has_none() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        stream = ReplyStream(request, 5.0, "text/event-stream")
        async with Heartbeat(stream, SIGN, dict, after_s=60.0):
            assert not stream.is_open
        await stream.write(b"data: 1\n\n")
        return await stream.end()

    app = web.Application()
    app.router.add_get("/", handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as http, http.get(server.make_url("/")) as response:
        assert await response.read() == b"data: 1\n\n"
