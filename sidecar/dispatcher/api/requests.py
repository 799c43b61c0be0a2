"""From a request's body to what core understands, with the limits of the settings."""

from dataclasses import dataclass
from typing import Any, TypeVar

from dispatcher.api.json_schemas import check_size
from dispatcher.api.schemas import PromptBody, RequirementsBody
from dispatcher.core.aliases import AUTO, alias_of
from dispatcher.core.task import (
    PLAIN_TEXT,
    Context,
    DispatchRequest,
    FormatKind,
    Message,
    ModelId,
    Objective,
    OutputFormat,
    Requirements,
    Role,
    Sampling,
    TaskType,
)
from dispatcher.errors import InvalidRequest

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """What a caller may ask for. Times in seconds."""

    prompt_chars_max: int
    timeout_default_s: float
    timeout_max_s: float


def dispatch_request(body: PromptBody, limits: RequestLimits) -> DispatchRequest:
    """Turn a body into a request.

    Raises: InvalidRequest naming the field and the fix.
    """
    if body.task_type is TaskType.EMBEDDING:
        raise InvalidRequest(
            "task_type: an embedding is no text; ask POST /api/embed (as Ollama's) or POST /v1/embeddings (as OpenAI's)"
        )
    messages = _messages(body)
    chars = sum(len(message.content) for message in messages)
    if chars > limits.prompt_chars_max:
        raise InvalidRequest(
            f"prompt: {chars} characters are more than the {limits.prompt_chars_max} allowed; "
            "shorten it, or raise AI_DISPATCH_PROMPT_CHARS_MAX"
        )
    alias = alias_of(body.model or AUTO)
    return DispatchRequest(
        messages=messages,
        requirements=_requirements(body.requirements, limits),
        task_type=_said(body.task_type, TaskType.AUTO, alias.task_type if alias else None),
        complexity=body.complexity,
        objective=_said(body.objective, Objective.BALANCED, alias.objective if alias else None),
        model=None if alias else ModelId(body.model or AUTO),
        context=Context(**body.context.model_dump()),
        priority=body.priority,
        explore=body.explore,
    )


def _said(asked: _T, usual: _T, implied: _T | None) -> _T:
    """What a field says; where it is left as usual, what the model's name implies."""
    return implied if asked == usual and implied is not None else asked


def _messages(body: PromptBody) -> tuple[Message, ...]:
    if (body.prompt is None) == (body.messages is None):
        raise InvalidRequest("prompt: send either prompt or messages, and not both")
    if body.messages is not None:
        said = tuple(Message(message.role, message.content) for message in body.messages)
        if not any(message.role is Role.USER and message.content.strip() for message in said):
            raise InvalidRequest("messages: at least one must have the role user and some content")
    else:
        said = (Message(Role.USER, body.prompt or ""),)
        if not said[0].content.strip():
            raise InvalidRequest("prompt: it is empty; write what the model should do")
    return (Message(Role.SYSTEM, body.system), *said) if body.system else said


def _requirements(body: RequirementsBody, limits: RequestLimits) -> Requirements:
    timeout_s = limits.timeout_default_s if body.timeout is None else body.timeout
    if timeout_s > limits.timeout_max_s:
        raise InvalidRequest(
            f"requirements.timeout: {timeout_s:g} s is more than the {limits.timeout_max_s:g} s allowed "
            "(AI_DISPATCH_TIMEOUT_MAX_S)"
        )
    return Requirements(
        timeout_s=timeout_s,
        max_tokens=body.max_tokens,
        min_quality=body.min_quality,
        max_cost_usd=body.max_cost,
        sampling=Sampling(temperature=body.temperature),
        output=_output(body.format),
        privacy=body.privacy,
        capabilities=body.capabilities,
        on_infeasible=body.on_infeasible,
    )


def _output(asked: str | dict[str, Any]) -> OutputFormat:
    if isinstance(asked, dict):
        check_size(asked, "requirements.format")
        return OutputFormat(FormatKind.JSON_SCHEMA, asked)
    return OutputFormat(FormatKind.JSON) if asked == FormatKind.JSON else PLAIN_TEXT
