"""An answer in the making: takes the lines of a chat's stream, gives the completion."""

from typing import Any

from dispatcher.core.features import token_estimate
from dispatcher.core.outcome import Ask, Completion, FinishReason, Usage
from dispatcher.errors import RuntimeBadAnswer, RuntimeIncomplete
from dispatcher.runtimes.ollama_faults import error_words, fault_in_stream

_TOKEN_CHARS_MAX = 256  # no tokenizer has longer ones
_ANSWER_CHARS_MAX = 4 * 1024 * 1024


class AnswerSoFar:
    """The text that has come, and the counts of the last line; foreign, so each field is looked at before use."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._pieces: list[str] = []
        self._room_chars = min(_ANSWER_CHARS_MAX, ask.max_tokens * _TOKEN_CHARS_MAX + 4096)
        self._last: dict[str, Any] = {}

    @property
    def is_whole(self) -> bool:
        """Whether the last line has come."""
        return bool(self._last)

    def take(self, line: dict[str, Any]) -> str:
        """Take one line; returns the text in it, often empty."""
        if "error" in line:
            raise fault_in_stream(error_words(line["error"]), self._ask)
        if line.get("done") is True:
            self._last = line
        message = line.get("message") or {}
        content = message.get("content", "") if isinstance(message, dict) else None
        if not isinstance(content, str):
            raise RuntimeBadAnswer("the inference server sent content that is no text")
        self._room_chars -= len(content)
        if self._room_chars < 0:
            raise RuntimeBadAnswer(f"the inference server wrote on far beyond {self._ask.max_tokens} tokens")
        if content:
            self._pieces.append(content)
        return content

    def finish(self, first_token_s: float | None, total_s: float) -> Completion:
        """The completion, once the last line has come. The time of a load is in neither `prefill_s` nor `decode_s`."""
        reason = self._last.get("done_reason")
        if not reason:  # Ollama leaves it out when its runner hung up
            raise RuntimeIncomplete("the inference server ended its answer without saying why it stopped")
        return Completion(
            text="".join(self._pieces),
            finish_reason=FinishReason.LENGTH if reason == "length" else FinishReason.STOP,
            usage=self._counted(),
            first_token_s=total_s if first_token_s is None else first_token_s,
            total_s=total_s,
            prefill_s=_seconds(self._last.get("prompt_eval_duration")),
            decode_s=_seconds(self._last.get("eval_duration")),
        )

    def _counted(self) -> Usage:
        """Ollama's count; where it has none, a piece is a token, and the prompt is estimated."""
        prompt = _whole_number(self._last.get("prompt_eval_count"))
        completion = _whole_number(self._last.get("eval_count"))
        if prompt is None:
            prompt = sum(token_estimate(message.content) for message in self._ask.messages)
        return Usage(prompt, len(self._pieces) if completion is None else completion)


def _whole_number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _seconds(nanoseconds: object) -> float | None:
    whole = _whole_number(nanoseconds)
    return None if whole is None else whole / 1e9
