"""How a model family wants to be spoken to: chat roles, never a string template.

The inference server applies the model's own chat template to these messages. Caller text is only ever joined, never
scanned for placeholders, so that `prefix + prompt + suffix` holds for any Unicode.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dispatcher.core.task import FormatKind, Message, OutputFormat, Role
from dispatcher.core.wording import PLAIN, Wording, schema_text


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a family's chat template can take.

    Args:
        takes_system: whether it has a system role; otherwise system text goes before the first user message.
        default_system: what to say when the caller says nothing, so that a template doesn't add words of its own.
    """

    takes_system: bool = True
    default_system: str | None = None


_DIALECTS: dict[str, Dialect] = {
    "smollm2": Dialect(default_system="You are a helpful assistant."),
    "qwen2.5": Dialect(default_system="You are a helpful assistant."),
    "gemma": Dialect(takes_system=False),
    "gemma2": Dialect(takes_system=False),
    "mistral": Dialect(takes_system=False),
}
_PLAIN = Dialect()

_JSON_WORDS = "Answer with one JSON value and nothing else."


def render(
    family: str, messages: Sequence[Message], output: OutputFormat, wording: Wording = PLAIN
) -> tuple[Message, ...]:
    """The messages to send to a model of this family: one system message at most, first if there is one.

    `wording` must fit the dispatch (wording.fitting): what it holds is said, beside all that the caller says.
    """
    dialect = _DIALECTS.get(family, _PLAIN)
    said = [message.content for message in messages if message.role is Role.SYSTEM]
    if not said and (opening := wording.system or dialect.default_system) is not None:
        said.append(opening)
    if output.kind is not FormatKind.TEXT:
        said.append(_json_words(wording, output))
    turns = [*_shown(wording), *(message for message in messages if message.role is not Role.SYSTEM)]
    if not said:
        return tuple(turns)
    system = "\n\n".join(said)
    if dialect.takes_system:
        return Message(Role.SYSTEM, system), *turns
    return _into_first_user(system, turns)


def _json_words(wording: Wording, output: OutputFormat) -> str:
    words = wording.json_instruction or _JSON_WORDS
    return f"{words}\n{schema_text(output)}" if wording.shows_schema else words


def _shown(wording: Wording) -> Iterator[Message]:
    for example in wording.examples:
        yield Message(Role.USER, example.user)
        yield Message(Role.ASSISTANT, example.assistant)


def _into_first_user(system: str, turns: Sequence[Message]) -> tuple[Message, ...]:
    for index, message in enumerate(turns):
        if message.role is Role.USER:
            joined = replace(message, content=f"{system}\n\n{message.content}")
            return *turns[:index], joined, *turns[index + 1 :]
    return Message(Role.USER, system), *turns
