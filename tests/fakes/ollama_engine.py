"""What answers inside the stand-in for Ollama: sentences made from the prompt. Its twin is real llama.cpp."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.fakes.answers import answer_to, pieces_of, prompt_tokens_of
from tests.fakes.behaviour import Behaviour, Fault
from tests.fakes.ollama_switches import ApiError


@dataclass(frozen=True, slots=True)
class Question:
    """What an engine is asked. `format` is OpenAI's `response_format`."""

    messages: Sequence[Mapping[str, str]]
    format: Mapping[str, Any] | None
    options: Mapping[str, Any]
    behaviour: Behaviour


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why and after what an answer ended; times in nanoseconds."""

    reason: str
    prompt_tokens: int
    prompt_ns: int
    tokens: int
    decode_ns: int


class Engine(Protocol):
    """A loaded model."""

    def answer(self, question: Question) -> Iterator[str | Stopped]:
        """Pieces of text, and last how it stopped."""

    def stop(self) -> None:
        """Free the memory."""


class StartEngine(Protocol):
    """Loads a model, or raises the ApiError that Ollama gives."""

    def __call__(self, weights: Path, context_tokens: int, threads: int, slots: int) -> Engine: ...


class FakeEngine:
    """Answers at once, the same to the same question."""

    def __init__(self, weights: Path, context_tokens: int, threads: int, slots: int) -> None:
        self._context_tokens = context_tokens
        self._stopped = threading.Event()

    def answer(self, question: Question) -> Iterator[str | Stopped]:
        prompt_tokens = prompt_tokens_of(question.messages)
        if prompt_tokens > self._context_tokens:
            raise ApiError(400, exceeded(prompt_tokens, self._context_tokens))
        behaviour = question.behaviour
        pieces = pieces_of(behaviour.answer or answer_to(question.messages, question.format))
        most = int(question.options.get("num_predict", -1))
        is_endless = behaviour.fault is Fault.ENDLESS
        sent = 0
        while is_endless or (sent < len(pieces) and (most < 0 or sent < most)):
            if self._stopped.wait(behaviour.token_delay_s):
                raise ApiError(500, "llama runner process has terminated: signal: terminated")
            yield pieces[sent % len(pieces)]
            sent += 1
        yield Stopped("length" if sent < len(pieces) else "stop", prompt_tokens, 1_500_000, sent, 2_500_000)

    def stop(self) -> None:
        self._stopped.set()


def exceeded(prompt_tokens: int, context_tokens: int) -> str:
    """Ollama's words for a prompt that is too long: llama.cpp's own reply, as text."""
    words = f"request ({prompt_tokens} tokens) exceeds the available context size ({context_tokens} tokens)"
    error = {"code": 400, "message": words, "type": "exceed_context_size_error"}
    return json.dumps({"error": {**error, "n_prompt_tokens": prompt_tokens, "n_ctx": context_tokens}})
