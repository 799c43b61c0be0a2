"""The baseline: the least that a proxy in Python does; aiohttp, one shared session, no look at what passes."""

import argparse
from collections.abc import AsyncIterator

import uvloop
from aiohttp import ClientSession, ClientTimeout, web

_SESSION = web.AppKey("session", ClientSession)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True)
    options = parser.parse_args()

    async def pass_on(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        url = f"{options.upstream}{request.path}"
        async with request.app[_SESSION].post(url, data=body) as answer:
            response = web.StreamResponse(headers={"Content-Type": answer.headers["Content-Type"]})
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response

    app = web.Application()
    app.router.add_post("/{path:.*}", pass_on)
    app.cleanup_ctx.append(_session)
    web.run_app(app, host="127.0.0.1", port=options.port, print=None, access_log=None, loop=uvloop.new_event_loop())


async def _session(app: web.Application) -> AsyncIterator[None]:
    async with ClientSession(timeout=ClientTimeout(total=None)) as session:
        app[_SESSION] = session
        yield


if __name__ == "__main__":
    main()
