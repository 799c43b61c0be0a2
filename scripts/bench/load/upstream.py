"""An inference server that writes down when each answer began and ended: `upstream.py LOG`, then a replica's arguments.

It takes a second to load, and two seconds for an answer. A line of the log: who asked, when it ended on the monotonic
clock, and whether the answer was whole by then.
"""

import argparse
import asyncio
import json
import os
import time

from aiohttp import web

LOAD_S, PIECES, PIECE_S = 1.0, 40, 0.05


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--port", type=int, required=True)
    options, _ = parser.parse_known_args()
    log = os.open(options.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    ready_at_s = time.monotonic() + LOAD_S

    async def health(_request: web.Request) -> web.Response:
        return web.json_response({}, status=200 if time.monotonic() >= ready_at_s else 503)

    async def chat(request: web.Request) -> web.StreamResponse:
        who = (await request.json())["messages"][-1]["content"]
        is_whole = False
        try:
            response = await _answer(request)
            is_whole = True
            return response
        finally:
            os.write(log, json.dumps([who, time.monotonic(), is_whole]).encode() + b"\n")

    app = web.Application()
    app.router.add_get("/health", health)
    app.router.add_post("/v1/chat/completions", chat)
    web.run_app(
        app,
        host="127.0.0.1",
        port=options.port,
        print=None,
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=0,
    )


async def _answer(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(_event({"role": "assistant", "content": None}))
    for _ in range(PIECES):
        await asyncio.sleep(PIECE_S)
        await response.write(_event({"content": "word "}))
    await response.write(_event({}, "stop") + b"data: [DONE]\n\n")
    await response.write_eof()
    return response


def _event(delta: dict[str, object], finish_reason: str | None = None) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    return b"data: " + json.dumps({"object": "chat.completion.chunk", "choices": choices}).encode() + b"\n\n"


if __name__ == "__main__":
    main()
