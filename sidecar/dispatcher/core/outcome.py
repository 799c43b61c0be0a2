"""What came of a dispatch: the answer, its parts of time, and how each attempt ended."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from dispatcher.core.task import (
    AS_USUAL,
    NO_TOOLS,
    PLAIN_TEXT,
    Message,
    ModelId,
    OutputFormat,
    Sampling,
    Toolbox,
    ToolCall,
)


class FinishReason(StrEnum):
    """Why a runtime stopped writing: it was done, be it with calling tools, or had no tokens left."""

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
class TokenLogprob:
    """A token and the logarithm of its probability; `top` are the likeliest in its place, with theirs."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """What comes at once of an answer that is being written. Tool calls don't come in pieces."""

    text: str = ""
    thinking: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()


OnPiece = Callable[[Piece], Awaitable[None]]
"""Receives each piece of an answer as it comes; awaited, so that a slow reader slows the runtime."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a runtime is asked: rendered messages and sampling limits, nothing a caller can smuggle in."""

    model_id: ModelId
    messages: tuple[Message, ...]
    max_tokens: int
    sampling: Sampling = AS_USUAL
    output: OutputFormat = PLAIN_TEXT
    toolbox: Toolbox = NO_TOOLS
    top_logprobs: int | None = None
    think: bool | None = None


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
    tool_calls: tuple[ToolCall, ...] = ()
    thinking: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()


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
