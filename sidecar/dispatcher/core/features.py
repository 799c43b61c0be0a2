"""What a prompt looks like, in numbers cheap enough to take on every dispatch."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p

from dispatcher.core.task import Complexity, Message, Role, TaskType, Tool
from dispatcher.core.traits import TRAITS, traits_of

FEATURES_VERSION = 1
"""Raised whenever a number is added, moved or gets another meaning: what was logged before isn't learned from then."""

WORK = tuple(task for task in TaskType if task not in (TaskType.AUTO, TaskType.EMBEDDING))
"""The task types that prompts are sent for, in the order of their numbers."""

_STEPS = {Complexity.LOW: 0.0, Complexity.MEDIUM: 1.0, Complexity.HIGH: 2.0}

FEATURES: tuple[tuple[str, str], ...] = (
    ("chars", "log"),
    ("lines", "log"),
    ("turns", "log"),
    *TRAITS,
    ("complexity", "step"),
    *((f"task_{task.value}", "yes") for task in WORK),
)
"""Name and unit of each number that a ranker sees of a request, in order; the same in training and serving."""

_HEAD_CHARS = 900
_TAIL_CHARS = 400
_TOKENS_PER_MESSAGE = 8  # role marks and line ends of a chat template
_TOKENS_PER_IMAGE = 1024  # what small vision models make of a picture, rather too many than too few


@dataclass(frozen=True, slots=True)
class TextFeatures:
    """Numbers of one prompt, all its messages together.

    `sample` is the beginning and end of the last user message in lower case, where instructions stand; never stored.
    `traits` are what was counted in it before its capitals were gone (see `core/traits.py`).
    """

    chars: int
    prompt_tokens: int
    turns: int
    lines: int
    question_marks: int
    sample: str
    traits: tuple[float, ...] = (0.0,) * len(TRAITS)


@dataclass(frozen=True, slots=True)
class RequestFeatures:
    """A request as a ranker saw it: what it can be learned from later, never its text.

    Args:
        version: of the lists' meaning; those of another version aren't compared.
        numbers: length, script, task and so on.
        text: the prompt's place among the texts that the ranker knows.
    """

    version: int
    numbers: tuple[float, ...]
    text: tuple[float, ...]


NO_TEXT = TextFeatures(chars=0, prompt_tokens=0, turns=0, lines=0, question_marks=0, sample="")
"""Of a prompt of which nothing is known."""


def features_of(messages: Sequence[Message], tools: Sequence[Tool] = ()) -> TextFeatures:
    """Measure a prompt; long ones are sampled, so the cost doesn't grow with their length.

    `tools` are those offered with it: the model reads them too.
    """
    last = next((message.content for message in reversed(messages) if message.role is Role.USER), "")
    sample = last if len(last) <= _HEAD_CHARS + _TAIL_CHARS else f"{last[:_HEAD_CHARS]}\n{last[-_TAIL_CHARS:]}"
    return TextFeatures(
        chars=sum(len(message.content) for message in messages),
        prompt_tokens=sum(map(_message_tokens, messages)) + sum(map(_tool_tokens, tools)),
        turns=sum(message.role is not Role.SYSTEM for message in messages),
        lines=last.count("\n") + 1,
        question_marks=sample.count("?"),
        sample=sample.lower(),
        traits=traits_of(sample),
    )


def _message_tokens(message: Message) -> int:
    said = token_estimate(message.content) + _TOKENS_PER_MESSAGE
    if message.images:
        said += len(message.images) * _TOKENS_PER_IMAGE
    if message.tool_calls:
        said += sum(token_estimate(call.name + call.arguments) + _TOKENS_PER_MESSAGE for call in message.tool_calls)
    return said


def _tool_tokens(tool: Tool) -> int:
    """Its schema is read as JSON, which Python's way to write it is as long as."""
    return token_estimate(f"{tool.name} {tool.description} {tool.parameters}") + _TOKENS_PER_MESSAGE


def numbers(text: TextFeatures, task_type: TaskType, complexity: Complexity) -> tuple[float, ...]:
    """What `FEATURES` names, of one request; neither argument is `auto` any more."""
    return (
        log1p(text.chars),
        log1p(text.lines),
        log1p(text.turns),
        *text.traits,
        _STEPS.get(complexity, 1.0),
        *(float(task_type is task) for task in WORK),
    )


def token_estimate(text: str) -> int:
    """About how many tokens a text has: four ASCII characters each, one for most others."""
    if text.isascii():
        return (len(text) + 3) // 4
    wide = len(text.encode()) - len(text)  # 1 to 3 more bytes for each character beyond ASCII
    return (len(text) + 3) // 4 + wide // 2
