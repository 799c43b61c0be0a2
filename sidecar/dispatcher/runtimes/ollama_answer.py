"""An answer in the making: takes the lines of a chat's stream, gives the completion."""

from typing import Any

from dispatcher.core.features import token_estimate
from dispatcher.core.outcome import Ask, Completion, FinishReason, Piece, TokenLogprob, Usage
from dispatcher.core.task import ToolCall
from dispatcher.errors import RuntimeBadAnswer, RuntimeIncomplete
from dispatcher.runtimes.answer_text import AnswerText
from dispatcher.runtimes.logprobs import token_logprobs
from dispatcher.runtimes.ollama_calls import tool_calls
from dispatcher.runtimes.ollama_faults import error_words, fault_in_stream

_BEGUN = Piece()  # something has come that isn't handed out in pieces: a tool call


class AnswerSoFar:
    """What has come, and the counts of the last line; foreign, so each field is looked at before use."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._words = AnswerText(ask.max_tokens)
        self._calls: list[ToolCall] = []
        self._logprobs: list[TokenLogprob] = []
        self._last: dict[str, Any] = {}

    @property
    def is_whole(self) -> bool:
        """Whether the last line has come."""
        return bool(self._last)

    def take(self, line: dict[str, Any]) -> Piece | None:
        """Take one line; returns what of the answer is in it, an empty piece for a tool call."""
        if "error" in line:
            raise fault_in_stream(error_words(line["error"]), self._ask)
        if line.get("done") is True:
            self._last = line
        message = line.get("message") or {}
        if not isinstance(message, dict):
            raise RuntimeBadAnswer("the inference server sent content that is no text")
        text = self._words.says(message.get("content", ""))
        thinking = self._words.thinks(message.get("thinking"))
        logprobs = token_logprobs(line.get("logprobs")) if self._ask.top_logprobs is not None else ()
        self._logprobs.extend(logprobs)
        calls = tool_calls(message.get("tool_calls"))
        self._calls.extend(calls)
        self._words.spend(sum(len(call.arguments) for call in calls))
        if text or thinking or logprobs:
            return Piece(text, thinking, logprobs)
        return _BEGUN if calls else None

    def finish(self, first_token_s: float | None, total_s: float) -> Completion:
        """The completion, once the last line has come. The time of a load is in neither `prefill_s` nor `decode_s`."""
        reason = self._last.get("done_reason")
        if not reason:  # Ollama leaves it out when its runner hung up
            raise RuntimeIncomplete("the inference server ended its answer without saying why it stopped")
        return Completion(
            text=self._words.text,
            finish_reason=FinishReason.LENGTH if reason == "length" else FinishReason.STOP,
            usage=self._counted(),
            first_token_s=total_s if first_token_s is None else first_token_s,
            total_s=total_s,
            prefill_s=_seconds(self._last.get("prompt_eval_duration")),
            decode_s=_seconds(self._last.get("eval_duration")),
            tool_calls=tuple(self._calls),
            thinking=self._words.thinking,
            logprobs=tuple(self._logprobs),
        )

    def _counted(self) -> Usage:
        """Ollama's count; where it has none, a piece is a token, and the prompt is estimated."""
        prompt = _whole_number(self._last.get("prompt_eval_count"))
        completion = _whole_number(self._last.get("eval_count"))
        if prompt is None:
            prompt = sum(token_estimate(message.content) for message in self._ask.messages)
        return Usage(prompt, self._words.pieces if completion is None else completion)


def _whole_number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _seconds(nanoseconds: object) -> float | None:
    whole = _whole_number(nanoseconds)
    return None if whole is None else whole / 1e9
