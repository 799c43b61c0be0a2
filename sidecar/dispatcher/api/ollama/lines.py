"""What an answer looks like in Ollama's protocol: a line for each piece, and a last object with what it took.

The constant parts of a line are made once: a line is written for each token.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from dispatcher.core.outcome import Completion, Piece, TokenLogprob
from dispatcher.core.task import ToolCall
from dispatcher.service.dispatch import Answer

_NS = 1_000_000_000
_END = b',"done":false}\n'


@dataclass(frozen=True, slots=True)
class Form:
    """How a route words a piece: what stands before and after the text, and before and after a thought."""

    text: tuple[bytes, bytes]
    thinking: tuple[bytes, bytes]
    is_chat: bool


CHAT = Form(
    (b',"message":{"role":"assistant","content":', b"}"),
    (b',"message":{"role":"assistant","content":"","thinking":', b"}"),
    is_chat=True,
)
GENERATE = Form((b',"response":', b""), (b',"response":"","thinking":', b""), is_chat=False)


class Lines:
    """Words an answer. `wall` is Unix time, in seconds."""

    def __init__(self, form: Form, model: str, wall: Callable[[], float]) -> None:
        self._form = form
        self._model = model
        self._wall = wall
        self._start = b'{"model":' + orjson.dumps(model) + b',"created_at":"'

    def piece(self, piece: Piece) -> bytes:
        """The lines of one piece: a thought has its own, for clients take it in place of the text beside it."""
        thought = self._line(self._form.thinking, piece.thinking, ()) if piece.thinking else b""
        if thought and not piece.text:
            return thought
        return thought + self._line(self._form.text, piece.text, piece.logprobs)

    def calls(self, calls: Sequence[ToolCall]) -> bytes:
        """The line of tool calls, whole; nothing when there are none."""
        if not calls:
            return b""
        message = {"role": "assistant", "content": "", "tool_calls": _calls(calls)}
        return self._begun() + b',"message":' + orjson.dumps(message) + _END

    def last(self, answer: Answer) -> bytes:
        """The last line: no text, which some clients pass over there."""
        return orjson.dumps(self._done({"content": ""}, answer)) + b"\n"

    def whole(self, answer: Answer) -> bytes:
        """The answer in one object."""
        done = answer.completion
        said: dict[str, Any] = {"content": done.text}
        if done.thinking:
            said["thinking"] = done.thinking
        if done.tool_calls:
            said["tool_calls"] = _calls(done.tool_calls)
        logprobs = {"logprobs": _logprobs(done.logprobs)} if done.logprobs else {}
        return orjson.dumps(self._done(said, answer) | logprobs)

    def loaded(self, reason: str, total_s: float, load_s: float) -> bytes:
        """The reply to a request that asks for nothing."""
        durations = {"total_duration": nanoseconds(total_s), "load_duration": nanoseconds(load_s)}
        return orjson.dumps(self._object({"content": ""}) | {"done": True, "done_reason": reason, **durations})

    def _line(self, form: tuple[bytes, bytes], text: str, logprobs: Sequence[TokenLogprob]) -> bytes:
        before, after = form
        told = b',"logprobs":' + orjson.dumps(_logprobs(logprobs)) if logprobs else b""
        return b"".join((self._begun(), before, orjson.dumps(text), after, told, _END))

    def _begun(self) -> bytes:
        return self._start + stamp(self._wall()).encode() + b'"'

    def _object(self, said: dict[str, Any]) -> dict[str, Any]:
        begun = {"model": self._model, "created_at": stamp(self._wall())}
        if self._form.is_chat:
            return begun | {"message": {"role": "assistant", **said}}
        return begun | {"response": said.pop("content"), **said}

    def _done(self, said: dict[str, Any], answer: Answer) -> dict[str, Any]:
        chosen = answer.decision.chosen.model_id
        return self._object(said) | {
            "done": True,
            "done_reason": answer.completion.finish_reason.value,
            **_durations(answer),
            "dispatch": {"id": answer.dispatch_id, "model": chosen, "why": answer.explanation.why},
        }


def stamp(unix_s: float) -> str:
    """A time as Ollama writes it."""
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def nanoseconds(seconds: float) -> int:
    """A duration as Ollama writes it."""
    return round(seconds * _NS)


def _durations(answer: Answer) -> dict[str, int]:
    """In nanoseconds; the engine's own where it says, and never nothing for tokens that were written."""
    done = answer.completion
    prefill_s = done.first_token_s if done.prefill_s is None else done.prefill_s
    decode_s = _decode_s(done) if done.decode_s is None else done.decode_s
    return {
        "total_duration": nanoseconds(answer.timing.total_s),
        "load_duration": nanoseconds(answer.timing.load_s),
        "prompt_eval_count": done.usage.prompt_tokens,
        "prompt_eval_duration": max(1, nanoseconds(prefill_s)),
        "eval_count": done.usage.completion_tokens,
        "eval_duration": max(1, nanoseconds(decode_s)),
    }


def _decode_s(done: Completion) -> float:
    return max(0.0, done.total_s - done.first_token_s)


def _calls(calls: Sequence[ToolCall]) -> list[dict[str, Any]]:
    """Ollama gives arguments as an object."""
    return [
        {
            "id": call.id,
            "function": {"index": index, "name": call.name, "arguments": orjson.loads(call.arguments or "{}")},
        }
        for index, call in enumerate(calls)
    ]


def _logprobs(entries: Sequence[TokenLogprob]) -> list[dict[str, Any]]:
    return [
        {
            **_token(one.token, one.logprob),
            **({"top_logprobs": [_token(*other) for other in one.top]} if one.top else {}),
        }
        for one in entries
    ]


def _token(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}
