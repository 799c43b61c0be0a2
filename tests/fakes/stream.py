"""One answer of the fake inference server, event by event, with the fault it was told to have."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from aiohttp import web

from tests.fakes.behaviour import Behaviour, Fault


class Gone(Exception):
    """The fake has hung up, or ended its answer early."""


class AnswerStream:
    """Sends the chunks of a chat completion as llama.cpp does: role, text, finish reason, usage, end marker."""

    def __init__(
        self, request: web.Request, behaviour: Behaviour, model: str, body: Mapping[str, Any], prompt_tokens: int
    ) -> None:
        self._request = request
        self._behaviour = behaviour
        self._model = model
        self._body = body
        self._prompt_tokens = prompt_tokens
        self._response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})

    async def send(self, pieces: Sequence[str]) -> web.StreamResponse:
        """The whole answer, cut at `max_tokens`, or as much of it as the fault lets through."""
        with suppress(Gone):
            await self._send(pieces)
        return self._response

    async def _send(self, pieces: Sequence[str]) -> None:
        await self._before_headers()
        await self._response.prepare(self._request)
        await self._chunk([_choice({"role": "assistant", "content": None})])
        if self._behaviour.thinking:
            await self._chunk([_choice({"reasoning_content": self._behaviour.thinking})])
        if self._behaviour.calls and self._body.get("tools"):
            await self._call(self._behaviour.calls)
            return
        fault = self._behaviour.fault
        sent = 0
        most = self._body.get("max_tokens", 1 << 30)
        while sent < most or fault is Fault.ENDLESS:
            if sent >= len(pieces) and fault is not Fault.ENDLESS:
                break
            if sent == self._behaviour.after_pieces:
                await self._midway()
            await asyncio.sleep(self._behaviour.token_delay_s)
            piece = pieces[sent % len(pieces)]
            await self._chunk([{**_choice({"content": piece}), **self._logprobs(piece)}])
            sent += 1
        await self._end(sent, "length" if sent < len(pieces) else "stop")

    async def _call(self, calls: Sequence[Mapping[str, Any]]) -> None:
        """Each call as llama.cpp streams it: its name first, then its arguments in parts."""
        for index, call in enumerate(calls):
            text = call["arguments"] if isinstance(call["arguments"], str) else json.dumps(call["arguments"])
            head = {"index": index, "id": f"id{index}", "type": "function"}
            await self._chunk(
                [_choice({"tool_calls": [{**head, "function": {"name": call["name"], "arguments": ""}}]})]
            )
            for part in (text[: len(text) // 2], text[len(text) // 2 :]):
                await self._chunk([_choice({"tool_calls": [{"index": index, "function": {"arguments": part}}]})])
        await self._end(len(calls), "tool_calls")

    def _logprobs(self, piece: str) -> dict[str, Any]:
        if not self._body.get("logprobs"):
            return {}
        top = [{"token": piece, "logprob": -0.5}, {"token": "?", "logprob": -1.5}][: self._body.get("top_logprobs", 0)]
        return {"logprobs": {"content": [{"token": piece, "logprob": -0.5, "top_logprobs": top}]}}

    async def _end(self, sent: int, reason: str) -> None:
        fault = self._behaviour.fault
        if fault is not Fault.NO_FINISH_REASON:
            await self._chunk([_choice({}, reason)])
        if fault is Fault.WRONG_USAGE:
            await self._chunk([], usage={"prompt_tokens": -7, "completion_tokens": "many"}, timings={"prompt_ms": "x"})
        elif fault is not Fault.NO_USAGE and self._body.get("stream_options", {}).get("include_usage"):
            usage = {"prompt_tokens": self._prompt_tokens, "completion_tokens": sent}
            await self._chunk([], usage=usage, timings={"prompt_ms": 1.5, "predicted_ms": 2.5})
        if fault is not Fault.NO_END_MARKER:
            await self._response.write(b"data: [DONE]\n\n")
        await self._response.write_eof()

    async def _chunk(self, choices: Sequence[Mapping[str, Any]], **more: object) -> None:
        chunk = {"choices": choices, "model": self._model, "object": "chat.completion.chunk", **more}
        await self._response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    async def _before_headers(self) -> None:
        match self._behaviour.fault:
            case Fault.HANG:
                await asyncio.Event().wait()
            case Fault.RESET:
                self._hang_up()
            case Fault.NOT_HTTP:
                self._transport.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
                self._transport.close()
                raise Gone
            case Fault.NOT_EVENTS:
                self._response = web.StreamResponse(headers={"Content-Type": "text/html"})
            case Fault.COMPRESSED:
                self._response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
                self._response.headers["Content-Encoding"] = "gzip"
            case Fault.CRASH:
                os._exit(1)
            case Fault.OUT_OF_MEMORY:
                print("out of memory", file=sys.stderr, flush=True)
                os._exit(5)

    async def _midway(self) -> None:
        match self._behaviour.fault:
            case Fault.HANG_MIDWAY:
                await asyncio.Event().wait()
            case Fault.RESET_MIDWAY:
                self._hang_up()
            case Fault.CRASH_MIDWAY:
                os._exit(1)
            case Fault.CUT_MIDWAY:
                self._transport.write(b"ffff\r\ndata: {")
                self._transport.close()
                raise Gone
            case Fault.END_MIDWAY:
                await self._response.write_eof()
                raise Gone
            case Fault.NOT_AN_EVENT_MIDWAY:
                await self._response.write(b"<html>502</html>\n\n")
            case Fault.NOT_JSON_MIDWAY:
                await self._response.write(b"data: {nope\n\n")
            case Fault.WRONG_SHAPE_MIDWAY:
                await self._response.write(b'data: {"choices": [["text"]]}\n\n')
            case Fault.NOT_UTF8_MIDWAY:
                await self._response.write(b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}\n\n')
            case Fault.HUGE_LINE_MIDWAY:
                for _ in range(64):
                    await self._response.write(b"data: " + b"x" * 65536)
            case Fault.ERROR_MIDWAY:
                error = {"error": {"code": 500, "message": "it broke", "type": "server_error"}}
                await self._response.write(b"data: " + json.dumps(error).encode() + b"\n\n")

    def _hang_up(self) -> NoReturn:
        self._transport.abort()
        raise Gone

    @property
    def _transport(self) -> asyncio.WriteTransport:
        transport = self._request.transport
        if transport is None:
            raise Gone
        return transport


def _choice(delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason}
