"""The baseline: the same inference servers behind a bare proxy that takes whatever comes, by turns.

`python -m scripts.bench.load.proxy PORT KEY SERVER_PORT…`
"""

import itertools
import json
import sys
from collections.abc import AsyncIterator

import uvloop
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web

_SESSION = web.AppKey("session", ClientSession)


def main() -> None:
    """Serve until told to stop."""
    port, key, *server_ports = sys.argv[1:]
    turns = itertools.cycle(server_ports)

    async def dispatch(request: web.Request) -> web.Response:
        asked = json.loads(await request.read())
        body = {
            "messages": [{"role": "user", "content": asked["prompt"]}],
            "max_tokens": asked["requirements"]["max_tokens"],
            "stream": True,
        }
        url = f"http://127.0.0.1:{next(turns)}/v1/chat/completions"
        async with request.app[_SESSION].post(url, json=body, headers={"Authorization": f"Bearer {key}"}) as answer:
            return web.Response(body=await answer.read(), status=answer.status)

    app = web.Application()
    app.router.add_post("/api/dispatch", dispatch)
    app.cleanup_ctx.append(_session)
    web.run_app(app, host="127.0.0.1", port=int(port), print=None, access_log=None, loop=uvloop.new_event_loop())


async def _session(app: web.Application) -> AsyncIterator[None]:
    async with ClientSession(timeout=ClientTimeout(total=None), connector=TCPConnector(limit=0)) as session:
        app[_SESSION] = session
        yield


if __name__ == "__main__":
    main()
