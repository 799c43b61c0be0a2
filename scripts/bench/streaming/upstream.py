"""An inference server whose answer is the time: each piece of text says when it was written, in monotonic nanoseconds.

Takes the embedded server's command line, of which it reads only the port.
"""

import argparse
import asyncio
import json
import time

from aiohttp import web

_PIECES = 21
_EVERY_S = 0.005


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    options, _ = parser.parse_known_args()
    app = web.Application()
    app.router.add_get("/health", _health)
    app.router.add_post("/v1/chat/completions", _chat)
    web.run_app(app, host="127.0.0.1", port=options.port, print=None, access_log=None)


async def _health(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def _chat(request: web.Request) -> web.StreamResponse:
    await request.read()
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(_event({"role": "assistant", "content": None}))
    for _ in range(_PIECES):
        await asyncio.sleep(_EVERY_S)
        await response.write(_event({"content": f"{time.monotonic_ns()} "}))
    await response.write(_event({}, "stop") + b"data: [DONE]\n\n")
    await response.write_eof()
    return response


def _event(delta: dict[str, object], finish_reason: str | None = None) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    return b"data: " + json.dumps({"object": "chat.completion.chunk", "choices": choices}).encode() + b"\n\n"


if __name__ == "__main__":
    main()
