"""An answer in the making: takes the chunks of a chat completion stream, gives the completion."""

import math
from typing import Any

import orjson

from dispatcher.core.features import token_estimate
from dispatcher.core.outcome import Ask, Completion, FinishReason, Piece, TokenLogprob, Usage
from dispatcher.errors import RuntimeBadAnswer, RuntimeIncomplete
from dispatcher.runtimes.answer_text import AnswerText
from dispatcher.runtimes.logprobs import token_logprobs
from dispatcher.runtimes.openai_calls import CallsSoFar
from dispatcher.runtimes.openai_faults import fault_in_stream

DONE = b"[DONE]"
_BEGUN = Piece()  # something has come that isn't handed out in pieces: a part of a tool call


class AnswerSoFar:
    """What has come; foreign, so every field is looked at before it is believed."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._words = AnswerText(ask.max_tokens)
        self._calls = CallsSoFar()
        self._logprobs: list[TokenLogprob] = []
        self._finish_reason: FinishReason | None = None
        self._usage: dict[str, Any] = {}
        self._timings: dict[str, Any] = {}

    def take(self, event: bytes) -> Piece | None:
        """Take one chunk; returns what of the answer is in it, an empty piece for a part of a tool call."""
        chunk = _object(_json(event))
        if "error" in chunk:
            raise fault_in_stream(chunk["error"], self._ask)
        self._usage = _object(chunk.get("usage")) or self._usage
        self._timings = _object(chunk.get("timings")) or self._timings
        choices = chunk.get("choices")
        if not choices:
            return None
        if not isinstance(choices, list):
            raise RuntimeBadAnswer("the inference server sent choices that are no list")
        choice = _object(choices[0])
        if reason := choice.get("finish_reason"):
            self._finish_reason = FinishReason.LENGTH if reason == "length" else FinishReason.STOP
        return self._piece(choice)

    def finish(self, first_token_s: float, total_s: float) -> Completion:
        """The completion, once the end marker has come."""
        if self._finish_reason is None:
            raise RuntimeIncomplete("the inference server ended its answer without saying why it stopped")
        return Completion(
            text=self._words.text,
            finish_reason=self._finish_reason,
            usage=self._counted(),
            first_token_s=first_token_s,
            total_s=total_s,
            prefill_s=_seconds(self._timings.get("prompt_ms")),
            decode_s=_seconds(self._timings.get("predicted_ms")),
            tool_calls=self._calls.whole(),
            thinking=self._words.thinking,
            logprobs=tuple(self._logprobs),
        )

    def _piece(self, choice: dict[str, Any]) -> Piece | None:
        delta = _object(choice.get("delta"))
        text = self._words.says(delta.get("content"))
        thinking = self._words.thinks(delta.get("reasoning_content") or delta.get("reasoning"))
        logprobs: tuple[TokenLogprob, ...] = ()
        if self._ask.top_logprobs is not None and (told := choice.get("logprobs")):
            logprobs = token_logprobs(_object(told).get("content"))
            self._logprobs.extend(logprobs)
        if text or thinking or logprobs:
            self._took_calls(delta)
            return Piece(text, thinking, logprobs)
        return _BEGUN if self._took_calls(delta) else None

    def _took_calls(self, delta: dict[str, Any]) -> bool:
        if not (parts := delta.get("tool_calls")):
            return False
        self._words.spend(self._calls.take(parts))
        return True

    def _counted(self) -> Usage:
        """The server's count; where it has none, a piece is a token, and the prompt is estimated."""
        prompt = _count(self._usage.get("prompt_tokens"))
        completion = _count(self._usage.get("completion_tokens"))
        if prompt is None:
            prompt = sum(token_estimate(message.content) for message in self._ask.messages)
        return Usage(prompt, self._words.pieces if completion is None else completion)


def _json(event: bytes) -> object:
    try:
        return orjson.loads(event)
    except orjson.JSONDecodeError as error:
        raise RuntimeBadAnswer("the inference server sent an event that isn't JSON in UTF-8") from error


def _object(value: object) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RuntimeBadAnswer("the inference server sent an event of an unknown shape")
    return value


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _seconds(milliseconds: object) -> float | None:
    if isinstance(milliseconds, int | float) and math.isfinite(milliseconds) and milliseconds >= 0:
        return milliseconds / 1000
    return None
