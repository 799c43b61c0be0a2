"""What came of a dispatch: the answer, its parts of time, and how each attempt ended."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from dispatcher.core.task import PLAIN_TEXT, Message, ModelId, OutputFormat

OnText = Callable[[str], Awaitable[None]]
"""Receives each piece of answer text as it comes; awaited, so that a slow reader slows the runtime."""


class FinishReason(StrEnum):
    """Why a runtime stopped writing."""

    STOP = "stop"
    LENGTH = "length"


class Ending(StrEnum):
    """How a dispatch ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a runtime is asked: rendered messages and sampling limits, nothing a caller can smuggle in."""

    model_id: ModelId
    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float | None = None
    output: OutputFormat = PLAIN_TEXT


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read and written."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer from a runtime. Times in seconds from the moment it was asked; None when the runtime doesn't say.

    `prefill_s` and `decode_s` are the engine's own measure of reading the prompt and writing the answer.
    """

    text: str
    finish_reason: FinishReason
    usage: Usage
    first_token_s: float
    total_s: float
    prefill_s: float | None = None
    decode_s: float | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the time of a dispatch went, in seconds."""

    queue_s: float
    load_s: float
    first_token_s: float | None
    total_s: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one model; `error_code` is None when it succeeded."""

    model_id: ModelId
    error_code: str | None
    total_s: float

    @property
    def succeeded(self) -> bool:
        """Whether this try gave the answer."""
        return self.error_code is None
