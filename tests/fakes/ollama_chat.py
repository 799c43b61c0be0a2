"""One answer of the stand-in for Ollama, line by line, with the fault it was told to have."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from tests.fakes.behaviour import Behaviour, Fault
from tests.fakes.ollama_engine import Engine, Question, Stopped
from tests.fakes.ollama_http import Gone, OllamaHandler
from tests.fakes.ollama_switches import ApiError

Hang = Callable[[], None]


class Answer:
    """Sends what `/api/chat` (`is_chat`) or `/api/generate` answers, streamed or whole."""

    def __init__(
        self, handler: OllamaHandler, body: dict[str, Any], behaviour: Behaviour, hang: Hang, *, is_chat: bool
    ) -> None:
        self._handler = handler
        self._body = body
        self._behaviour = behaviour
        self._hang = hang
        self._is_chat = is_chat
        self._begun_ns = time.monotonic_ns()

    def nothing(self, reason: str) -> None:
        """The reply to a request without a prompt: `load` or `unload`."""
        self._handler.reply(self._object("", done=True, done_reason=reason))

    def send(self, engine: Engine, load_ns: int) -> None:
        """The whole answer, or as much of it as the fault lets through."""
        self._before_head()
        is_stream = self._body.get("stream", True) is not False
        question = Question(messages(self._body), _format(self._body), self._body.get("options") or {}, self._behaviour)
        if self._behaviour.calls and self._body.get("tools"):
            self._call(self._behaviour.calls, is_stream=is_stream)
            return
        if self._behaviour.thinking and self._body.get("think") and is_stream:
            self._handler.line(self._message({"content": "", "thinking": self._behaviour.thinking}, done=False))
        pieces: list[str] = []
        for piece in self._with_fault(engine.answer(question)):
            if isinstance(piece, Stopped):
                self._last("" if is_stream else "".join(pieces), piece, load_ns, is_stream=is_stream)
            elif is_stream:
                self._handler.line(self._object(piece, done=False))
            else:
                pieces.append(piece)

    def _call(self, calls: Sequence[Mapping[str, Any]], *, is_stream: bool) -> None:
        """The calls, whole, in a line of their own."""
        functions = [{"function": {"name": call["name"], "arguments": call["arguments"]}} for call in calls]
        told = {"content": "", "tool_calls": functions}
        counts = {
            "done_reason": "stop",
            "prompt_eval_count": 9,
            "eval_count": len(functions),
            "eval_duration": 2_500_000,
        }
        if is_stream:
            self._handler.line(self._message(told, done=False))
            self._handler.line(self._message({"content": ""}, done=True, **counts))
            self._handler.end()
        else:
            self._handler.reply(self._message(told, done=True, **counts))

    def _message(self, told: Mapping[str, Any], **more: object) -> dict[str, Any]:
        return {"model": self._body["model"], "created_at": now(), "message": {"role": "assistant", **told}, **more}

    def _with_fault(self, pieces: Iterator[str | Stopped]) -> Iterator[str | Stopped]:
        for sent, piece in enumerate(pieces):
            if sent == self._behaviour.after_pieces:
                self._midway()
            yield piece

    def _last(self, text: str, stopped: Stopped, load_ns: int, *, is_stream: bool) -> None:
        fault = self._behaviour.fault
        counts: dict[str, Any] = {
            "done_reason": stopped.reason,
            "total_duration": time.monotonic_ns() - self._begun_ns,
            "load_duration": load_ns,
            "prompt_eval_count": stopped.prompt_tokens,
            "prompt_eval_duration": stopped.prompt_ns,
            "eval_count": stopped.tokens,
            "eval_duration": stopped.decode_ns,
        }
        if fault is Fault.WRONG_USAGE:
            counts |= {"prompt_eval_count": -7, "eval_count": "many", "prompt_eval_duration": "x"}
        if fault is Fault.NO_USAGE:
            counts = {"done_reason": stopped.reason}
        if fault is Fault.NO_FINISH_REASON:
            del counts["done_reason"]
        last = self._object(text, done=True, **{name: value for name, value in counts.items() if value})
        if not is_stream:
            self._handler.reply(last)
            return
        if fault is not Fault.NO_END_MARKER:
            self._handler.line(last)
        self._handler.end()

    def _object(self, text: str, **more: object) -> dict[str, Any]:
        piece = {"message": {"role": "assistant", "content": text}} if self._is_chat else {"response": text}
        return {"model": self._body["model"], "created_at": now(), **piece, **more}

    def _before_head(self) -> None:
        match self._behaviour.fault:
            case Fault.HANG:
                self._hang()
            case Fault.RESET:
                self._handler.hang_up(reset=True)
            case Fault.NOT_HTTP:
                self._handler.hang_up(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
            case Fault.NOT_EVENTS:
                self._handler.stream_type = "text/html"
            case Fault.COMPRESSED:
                self._handler.stream_encoding = "gzip"
            case Fault.CRASH:
                os._exit(1)
            case Fault.OUT_OF_MEMORY:
                raise ApiError(500, "llama runner process has terminated: signal: killed")
            case Fault.STATUS:
                raise ApiError(self._behaviour.status, f"can't answer: {messages(self._body)[-1]['content']}")

    def _midway(self) -> None:
        match self._behaviour.fault:
            case Fault.HANG_MIDWAY:
                self._hang()
            case Fault.RESET_MIDWAY:
                self._handler.hang_up(reset=True)
            case Fault.CUT_MIDWAY:
                self._handler.hang_up(b"ffff\r\n{")
            case Fault.END_MIDWAY:
                self._handler.end()
                raise Gone
            case Fault.NOT_AN_EVENT_MIDWAY:
                self._handler.raw_line(b"<html>502</html>\n")
            case Fault.NOT_JSON_MIDWAY:
                self._handler.raw_line(b"{nope\n")
            case Fault.WRONG_SHAPE_MIDWAY:
                self._handler.raw_line(b'{"message": {"content": ["text"]}, "done": false}\n')
            case Fault.NOT_UTF8_MIDWAY:
                self._handler.raw_line(b'{"message": {"content": "\xff\xfe"}, "done": false}\n')
            case Fault.HUGE_LINE_MIDWAY:
                for _ in range(64):
                    self._handler.raw_line(b"x" * 65536)
            case Fault.ERROR_MIDWAY:
                raise ApiError(500, f"it broke at: {messages(self._body)[-1]['content']}")


def messages(body: dict[str, Any]) -> list[dict[str, str]]:
    """The turns of a chat, or those that a lone prompt stands for; none asks for a load only."""
    if "messages" in body or not body.get("prompt"):
        return list(body.get("messages") or [])
    system = [{"role": "system", "content": body["system"]}] if body.get("system") else []
    return [*system, {"role": "user", "content": body["prompt"]}]


def now() -> str:
    """This moment, as Ollama writes it."""
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")  # noqa: UP017 - runs on older Pythons too


def _format(body: dict[str, Any]) -> dict[str, Any] | None:
    wanted = body.get("format")
    if not wanted:
        return None
    if wanted == "json":
        return {"type": "json_object"}
    if isinstance(wanted, dict):
        return {"type": "json_schema", "json_schema": {"name": "answer", "schema": wanted}}
    raise ApiError(400, f'invalid format: "{wanted}"; expected "json" or a valid JSON Schema object')
