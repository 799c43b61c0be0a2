"""What may be said to a model beside the caller's words: entries of text, never templates."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.core.features import token_estimate
from dispatcher.core.task import FormatKind, Message, OutputFormat, Role, TaskType

ANY = "any"
"""Stands for every family, or for every task type."""

CHARS_MAX = 4000  # all texts of a variant together: about a thousand tokens
EXAMPLES_MAX = 8
_TOKENS_PER_MESSAGE = 8  # role marks and line ends of a chat template


@dataclass(frozen=True, slots=True, order=True)
class VariantKey:
    """What a variant is meant for: a family of models or `any`, and a task type or `any`."""

    family: str
    task_type: str

    def __str__(self) -> str:
        return f"{self.family}/{self.task_type}"


@dataclass(frozen=True, slots=True)
class Example:
    """One exchange to go by."""

    user: str
    assistant: str


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts of a variant.

    Args:
        system: what the model is told first, where the caller tells it nothing.
        examples: exchanges before the caller's prompt, where the caller's is the first turn.
        json_instruction: replaces our own words where JSON is asked for.
        shows_schema: puts the asked JSON schema after that, for models that can't guess it.
    """

    system: str | None = None
    examples: tuple[Example, ...] = ()
    json_instruction: str | None = None
    shows_schema: bool = False

    @property
    def chars(self) -> int:
        """Length of all texts together."""
        pairs = sum(len(one.user) + len(one.assistant) for one in self.examples)
        return len(self.system or "") + len(self.json_instruction or "") + pairs


PLAIN = Wording()
"""Nothing beside the caller's words: version 0 of every key."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One version of how to speak; versions of a key count from 1."""

    key: VariantKey
    version: int
    wording: Wording


def keys_for(family: str, task_type: TaskType) -> tuple[VariantKey, ...]:
    """The keys under which variants for such a dispatch may stand, the most specific first."""
    return (
        VariantKey(family, task_type),
        VariantKey(family, ANY),
        VariantKey(ANY, task_type),
        VariantKey(ANY, ANY),
    )


def fitting(wording: Wording, messages: Sequence[Message], output: OutputFormat) -> Wording:
    """What is left of a wording for this dispatch; PLAIN when nothing is.

    Whoever gives a system text, or a conversation with answers in it, is never talked over or taught by examples.
    """
    is_open = all(message.role is Role.USER for message in messages)
    is_json = output.kind is not FormatKind.TEXT
    return Wording(
        system=wording.system if is_open else None,
        examples=wording.examples if is_open else (),
        json_instruction=wording.json_instruction if is_json else None,
        shows_schema=wording.shows_schema and output.schema is not None,
    )


def tokens_of(wording: Wording, output: OutputFormat) -> int:
    """About how many tokens a fitting wording adds to a prompt, rather too many than too few."""
    texts = [one for pair in wording.examples for one in (pair.user, pair.assistant)]
    texts.extend(text for text in (wording.system, wording.json_instruction) if text)
    if wording.shows_schema:
        texts.append(schema_text(output))
    return sum(token_estimate(text) + _TOKENS_PER_MESSAGE for text in texts)


def schema_text(output: OutputFormat) -> str:
    """The asked JSON schema as a model reads it."""
    return json.dumps(output.schema, ensure_ascii=False, separators=(",", ":"))
