"""One answer of the fake inference server to texts, whole, with the fault it was told to have."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from tests.fakes.behaviour import Behaviour, Fault
from tests.fakes.vectors import rows_of


class VectorAnswer:
    """What the fake of OpenAI's protocol answers to texts, with the fault it was told to have."""

    def __init__(
        self, request: web.Request, behaviour: Behaviour, body: Mapping[str, Any], tokens: Sequence[Sequence[int]]
    ) -> None:
        self._request = request
        self._behaviour = behaviour
        self._body = body
        self._tokens = tokens

    async def send(self) -> web.StreamResponse:
        """The whole answer, or as much of it as the fault lets through."""
        transport, fault = self._request.transport, self._behaviour.fault
        assert isinstance(transport, asyncio.WriteTransport)
        match fault:
            case Fault.HANG | Fault.HANG_MIDWAY:
                await asyncio.Event().wait()
            case Fault.RESET:
                transport.abort()
            case Fault.NOT_HTTP:
                transport.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
                transport.close()
            case Fault.CUT_MIDWAY:
                transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{")
                transport.close()
            case Fault.CRASH:
                os._exit(1)
            case Fault.STATUS:
                error = {"error": {"code": self._behaviour.status, "message": str(self._body), "type": "server_error"}}
                return web.Response(status=self._behaviour.status, text=json.dumps(error))
            case Fault.NOT_JSON_MIDWAY:
                return web.Response(text="{nope", content_type="application/json")
            case Fault.WRONG_SHAPE_MIDWAY:
                return web.Response(text='{"data": {"embedding": []}}', content_type="application/json")
            case Fault.COMPRESSED:
                return web.Response(text="{}", headers={"Content-Encoding": "gzip"})
        return web.Response(text=json.dumps(self._reply()), content_type="application/json")

    def _reply(self) -> dict[str, Any]:
        rows = rows_of(self._tokens, self._behaviour)
        data = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)]
        if self._behaviour.fault is Fault.SHUFFLED_VECTORS:
            data.reverse()
        if self._behaviour.fault is Fault.TWICE_THE_SAME_TEXT:
            data = [{**entry, "index": 0} for entry in data]
        tokens = sum(map(len, self._tokens))
        usage: dict[str, Any] = {"prompt_tokens": tokens, "total_tokens": tokens}
        if self._behaviour.fault is Fault.WRONG_USAGE:
            usage = {"prompt_tokens": "many"}
        return {"object": "list", "model": self._body["model"], "data": data, "usage": usage}
