"""What may be said to a model beside the caller's words: texts, never templates."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.core.features import token_estimate
from dispatcher.core.task import FormatKind, Message, OutputFormat, Role

CHARS_MAX = 4000
"""Length of all texts of a wording together: about a thousand tokens."""

EXAMPLES_MAX = 8
_TOKENS_PER_MESSAGE = 8  # role marks and line ends of a chat template
_ROUNDED_OFF = 2  # estimates of texts that are joined may be so much larger together


@dataclass(frozen=True, slots=True)
class Example:
    """One exchange to go by."""

    user: str
    assistant: str


@dataclass(frozen=True, slots=True)
class Wording:
    """What to say.

    Args:
        system: what the model is told first, where the caller tells it nothing.
        examples: exchanges before the caller's prompt, where the caller's is the first turn.
        json_instruction: replaces our own words where JSON is asked for.
        shows_schema: puts the asked JSON schema after that, for models that can't guess it; where there is none,
            neither is said.
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
"""Nothing beside the caller's words."""


def fitting(wording: Wording, messages: Sequence[Message], output: OutputFormat) -> Wording:
    """What is left of a wording for this dispatch; PLAIN when nothing is.

    Whoever gives a system text, or a conversation with answers in it, is never talked over or taught by examples.
    """
    is_open = all(message.role is Role.USER for message in messages)
    has_json = output.schema is not None if wording.shows_schema else output.kind is not FormatKind.TEXT
    return Wording(
        system=wording.system if is_open else None,
        examples=wording.examples if is_open else (),
        json_instruction=wording.json_instruction if has_json else None,
        shows_schema=wording.shows_schema and has_json,
    )


def tokens_of(wording: Wording, output: OutputFormat) -> int:
    """About how many tokens a fitting wording adds to a prompt, rather too many than too few."""
    texts = [one for pair in wording.examples for one in (pair.user, pair.assistant)]
    texts.extend(text for text in (wording.system, wording.json_instruction) if text)
    if wording.shows_schema:
        texts.append(schema_text(output))
    return sum(token_estimate(text) + _TOKENS_PER_MESSAGE for text in texts) + (_ROUNDED_OFF if texts else 0)


def schema_text(output: OutputFormat) -> str:
    """The asked JSON schema as a model reads it."""
    return json.dumps(output.schema, ensure_ascii=False, separators=(",", ":"))
