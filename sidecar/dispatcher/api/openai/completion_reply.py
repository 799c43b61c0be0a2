"""An answer as a legacy completion: whole, or as the chunks of a stream."""

from collections.abc import Iterable
from typing import Any

import orjson

from dispatcher.api.openai.answer import FINGERPRINT, chat_id, note, usage
from dispatcher.core.outcome import Piece, TokenLogprob
from dispatcher.core.task import DispatchId
from dispatcher.service.dispatch import Answer

_DONE = b"data: [DONE]\n\n"


class CompletionWords:
    """Words one answer.

    Args:
        has_usage: whether a last chunk of a stream says what the answer took.
    """

    def __init__(self, dispatch_id: DispatchId, created_s: float, *, has_usage: bool) -> None:
        self._constant = {
            "id": chat_id(dispatch_id, "cmpl-"),
            "object": "text_completion",
            "created": int(created_s),
            "system_fingerprint": FINGERPRINT,
        }
        self._has_usage = has_usage
        self._head = b""
        self._offset = 0

    def whole(self, answer: Answer) -> bytes:
        """A whole completion."""
        completion = answer.completion
        choice = self._choice(completion.text, completion.logprobs, completion.finish_reason.value)
        model = answer.decision.chosen.model_id
        more = {"choices": [choice], "usage": usage(completion), "dispatch": note(answer)}
        return orjson.dumps({**self._constant, "model": model, **more})

    def piece(self, piece: Piece, model: str) -> bytes:
        """A chunk; thoughts have no place in this protocol."""
        if not piece.text and not piece.logprobs:
            return b""
        return self._event([self._choice(piece.text, piece.logprobs, None)], model)

    def end(self, answer: Answer) -> bytes:
        """What is left: the text if none was sent, the reason of the end, the usage."""
        completion, model = answer.completion, answer.decision.chosen.model_id
        told = b"" if self._head else self.piece(Piece(completion.text, logprobs=completion.logprobs), model)
        told += self._event([self._choice("", (), completion.finish_reason.value)], model, dispatch=note(answer))
        if self._has_usage:
            told += self._event([], model, usage=usage(completion))
        return told + _DONE

    def fault(self, error: dict[str, object]) -> bytes:
        """An event with the error."""
        return b"data: " + orjson.dumps({"error": error}) + b"\n\n"

    def _event(self, choices: list[dict[str, Any]], model: str, **more: object) -> bytes:
        self._head = self._head or b"data: " + orjson.dumps({**self._constant, "model": model})[:-1] + b","
        if self._has_usage:
            more = {"usage": None, **more}
        return self._head + orjson.dumps({"choices": choices, **more})[1:] + b"\n\n"

    def _choice(self, text: str, logprobs: Iterable[TokenLogprob], reason: str | None) -> dict[str, Any]:
        return {"text": text, "index": 0, "logprobs": self._logprobs(tuple(logprobs)), "finish_reason": reason}

    def _logprobs(self, logprobs: tuple[TokenLogprob, ...]) -> dict[str, Any] | None:
        """Side by side the tokens, their log probabilities, the likeliest in their place, and where they begin."""
        if not logprobs:
            return None
        offsets = []
        for one in logprobs:
            offsets.append(self._offset)
            self._offset += len(one.token)
        return {
            "tokens": [one.token for one in logprobs],
            "token_logprobs": [one.logprob for one in logprobs],
            "top_logprobs": [dict(one.top) for one in logprobs],
            "text_offset": offsets,
        }
