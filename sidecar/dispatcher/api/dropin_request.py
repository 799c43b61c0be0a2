"""From what a request in another protocol says to what core understands, with what is usual there."""

from dataclasses import dataclass

from dispatcher.api.hints import Hints
from dispatcher.core.task import (
    AS_USUAL,
    NO_TOOLS,
    PLAIN_TEXT,
    Complexity,
    DispatchRequest,
    Message,
    Objective,
    OnInfeasible,
    OutputFormat,
    Privacy,
    Requirements,
    Sampling,
    TaskType,
    Toolbox,
)
from dispatcher.errors import TOO_LONG, InvalidRequest
from dispatcher.service.model_names import Named


@dataclass(frozen=True, slots=True)
class DropinLimits:
    """What a caller may ask for, and the deadline of one who names none. Times in seconds."""

    prompt_chars_max: int
    timeout_default_s: float
    timeout_max_s: float


@dataclass(frozen=True, slots=True)
class Wish:
    """What a request's own protocol says."""

    messages: tuple[Message, ...]
    max_tokens: int | None = None
    sampling: Sampling = AS_USUAL
    output: OutputFormat = PLAIN_TEXT
    toolbox: Toolbox = NO_TOOLS
    top_logprobs: int | None = None
    think: bool | None = None


def dropin_request(wish: Wish, named: Named, hints: Hints, limits: DropinLimits) -> DispatchRequest:
    """Put together protocol, name and hints; a hint goes before what the name implies.

    A caller who knows nothing of deadlines is answered as well as can be: no model is refused for being slow.

    Raises: InvalidRequest naming the field and the fix.
    """
    _check_messages(wish.messages, limits)
    alias = named.alias
    return DispatchRequest(
        messages=wish.messages,
        requirements=_requirements(wish, hints, limits),
        task_type=hints.task_type or alias.task_type or TaskType.AUTO,
        complexity=hints.complexity or Complexity.AUTO,
        objective=hints.objective or alias.objective or Objective.BALANCED,
        model=named.model,
        context=hints.context,
        priority=hints.priority or 0,
        explore=hints.explore is not False,
        toolbox=wish.toolbox,
    )


def timeout_of(hints: Hints, limits: DropinLimits) -> float:
    """The deadline of a request, in seconds. InvalidRequest when it is longer than allowed."""
    timeout_s = limits.timeout_default_s if hints.timeout is None else hints.timeout
    if timeout_s > limits.timeout_max_s:
        raise InvalidRequest(
            f"x-dispatch-timeout: {timeout_s:g} s is more than the {limits.timeout_max_s:g} s allowed "
            "(AI_DISPATCH_TIMEOUT_MAX_S)"
        )
    return timeout_s


def _requirements(wish: Wish, hints: Hints, limits: DropinLimits) -> Requirements:
    return Requirements(
        timeout_s=timeout_of(hints, limits),
        max_tokens=wish.max_tokens,
        min_quality=hints.min_quality or 0.0,
        max_cost_usd=hints.max_cost,
        sampling=wish.sampling,
        output=wish.output,
        privacy=hints.privacy or Privacy.ANY,
        on_infeasible=hints.on_infeasible or OnInfeasible.BEST_EFFORT,
        top_logprobs=wish.top_logprobs,
        think=wish.think,
    )


def _check_messages(messages: tuple[Message, ...], limits: DropinLimits) -> None:
    if not any(message.content.strip() or message.images for message in messages):
        raise InvalidRequest("messages: at least one must have some content")
    chars = sum(len(message.content) for message in messages)
    if chars > limits.prompt_chars_max:
        raise InvalidRequest(
            f"messages: {TOO_LONG}: it has {chars} characters and {limits.prompt_chars_max} are allowed; "
            "shorten it, or raise AI_DISPATCH_PROMPT_CHARS_MAX"
        )
