"""An answer as a chat completion: whole, or as the chunks of a stream."""

from typing import Any

import orjson

from dispatcher.api.openai.answer import (
    FINGERPRINT,
    chat_id,
    finish_reason,
    logprobs_object,
    note,
    tool_call,
    usage,
)
from dispatcher.core.outcome import Completion, Piece
from dispatcher.core.task import DispatchId
from dispatcher.service.dispatch import Answer

_DONE = b"data: [DONE]\n\n"
_PREFIX = "chatcmpl-"


def chat_reply(answer: Answer, created_s: float) -> bytes:
    """A whole chat completion."""
    completion = answer.completion
    choice = {
        "index": 0,
        "message": _message(completion),
        "logprobs": logprobs_object(completion.logprobs),
        "finish_reason": finish_reason(completion),
    }
    return orjson.dumps(
        {
            "id": chat_id(answer.dispatch_id, _PREFIX),
            "object": "chat.completion",
            "created": int(created_s),
            "model": answer.decision.chosen.model_id,
            "choices": [choice],
            "usage": usage(completion),
            "service_tier": "default",
            "system_fingerprint": FINGERPRINT,
            "dispatch": note(answer),
        }
    )


def _message(completion: Completion) -> dict[str, Any]:
    said: dict[str, Any] = {
        "role": "assistant",
        "content": None if completion.tool_calls and not completion.text else completion.text,
        "refusal": None,
        "annotations": [],
    }
    if completion.thinking:
        said["reasoning_content"] = completion.thinking
    if completion.tool_calls:
        said["tool_calls"] = [tool_call(call) for call in completion.tool_calls]
    return said


class ChatChunks:
    """Words one answer as chunks. What is the same in all of them is made once, for the first.

    Args:
        has_usage: whether a last chunk says what the answer took.
    """

    def __init__(self, dispatch_id: DispatchId, created_s: float, *, has_usage: bool) -> None:
        self._id = chat_id(dispatch_id, _PREFIX)
        self._created = int(created_s)
        self._has_usage = has_usage
        self._head = self._before = self._after = b""

    def piece(self, piece: Piece, model: str) -> bytes:
        """A chunk; before the first, one with the role."""
        begun = b"" if self._head else self._begin(model)
        if piece.thinking or piece.logprobs:
            return begun + self._rich(piece)
        return begun + self._before + orjson.dumps(piece.text) + self._after

    def end(self, answer: Answer) -> bytes:
        """What is left: the text if none was sent, the calls, the reason of the end, the usage."""
        completion = answer.completion
        told = [] if self._head else [self._begin(answer.decision.chosen.model_id), *self._whole(completion)]
        for index, call in enumerate(completion.tool_calls):
            told.append(self._chunk({"tool_calls": [{"index": index, **tool_call(call)}]}))
        told.append(self._chunk({}, finish_reason(completion), dispatch=note(answer)))
        if self._has_usage:
            told.append(self._event([], usage=usage(completion)))
        return b"".join((*told, _DONE))

    def fault(self, error: dict[str, object]) -> bytes:
        """An event with the error, which OpenAI's clients raise."""
        return b"data: " + orjson.dumps({"error": error}) + b"\n\n"

    def _whole(self, completion: Completion) -> list[bytes]:
        """An answer that came in no pieces."""
        if not completion.text and not completion.thinking:
            return []
        return [self._rich(Piece(completion.text, completion.thinking, completion.logprobs))]

    def _rich(self, piece: Piece) -> bytes:
        """A chunk with more than text."""
        delta = {"content": piece.text} if piece.text or not piece.thinking else {}
        if piece.thinking:
            delta["reasoning_content"] = piece.thinking
        return self._event(
            [{"index": 0, "delta": delta, "logprobs": logprobs_object(piece.logprobs), "finish_reason": None}]
        )

    def _begin(self, model: str) -> bytes:
        """The chunk with the role; all others begin as it does."""
        constant = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": model,
            "service_tier": "default",
            "system_fingerprint": FINGERPRINT,
        }
        self._head = b"data: " + orjson.dumps(constant)[:-1]
        rest = b',"usage":null}\n\n' if self._has_usage else b"}\n\n"
        self._before = self._head + b',"choices":[{"index":0,"delta":{"content":'
        self._after = b'},"logprobs":null,"finish_reason":null}]' + rest
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def _chunk(self, delta: dict[str, Any], reason: str | None = None, **more: object) -> bytes:
        return self._event([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}], **more)

    def _event(self, choices: list[dict[str, Any]], **more: object) -> bytes:
        if self._has_usage:
            more = {"usage": None, **more}
        return self._head + b"," + orjson.dumps({"choices": choices, **more})[1:] + b"\n\n"
