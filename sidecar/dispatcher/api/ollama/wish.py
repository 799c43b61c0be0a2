"""From a chat or a completion in Ollama's protocol to what core understands, and what of it means nothing here."""

from dataclasses import dataclass

from dispatcher.api.dropin_request import Wish
from dispatcher.api.json_schemas import check_size
from dispatcher.api.ollama.messages import messages_of, toolbox_of
from dispatcher.api.ollama.options import max_tokens_of, sampling_of
from dispatcher.api.ollama.pictures import pictures
from dispatcher.api.ollama.schemas import OllamaAnswerBody, OllamaChatBody, OllamaGenerateBody, OllamaOptionsBody
from dispatcher.core.task import PLAIN_TEXT, FormatKind, Message, OutputFormat, Role
from dispatcher.errors import InvalidRequest

_NO_OPTIONS = OllamaOptionsBody()


@dataclass(frozen=True, slots=True)
class OllamaWish:
    """What is asked for; `is_load` when nothing is, but that the model be in memory. `ignored` are names of fields."""

    wish: Wish
    is_load: bool
    ignored: tuple[str, ...]


def chat_wish(body: OllamaChatBody) -> OllamaWish:
    """What a chat asks for.

    Raises: InvalidRequest naming the field and the fix.
    """
    messages = messages_of(body.messages or ())
    wish = _wish(body, messages)
    return OllamaWish(wish, not messages, body.meaningless)


def generate_wish(body: OllamaGenerateBody) -> OllamaWish:
    """What a completion asks for: a chat of one message, put to the model by its own template.

    Raises: InvalidRequest naming the field and the fix.
    """
    _check_template(body)
    images = pictures(body.images, "images")
    system = (Message(Role.SYSTEM, body.system),) if body.system else ()
    wish = _wish(body, (*system, Message(Role.USER, body.prompt or "", images)))
    return OllamaWish(wish, not body.prompt and not images, body.meaningless)


def _wish(body: OllamaAnswerBody, messages: tuple[Message, ...]) -> Wish:
    options = body.options or _NO_OPTIONS
    return Wish(
        messages=messages,
        max_tokens=max_tokens_of(options),
        sampling=sampling_of(options),
        output=_output(options.format if body.format in (None, "") else body.format),
        toolbox=toolbox_of(body.tools if isinstance(body, OllamaChatBody) else None),
        top_logprobs=(body.top_logprobs or 0) if body.logprobs else None,
        think=None if body.think is None else bool(body.think),
    )


def _output(told: object) -> OutputFormat:
    if told in (None, ""):
        return PLAIN_TEXT
    if told in ("json", {}):
        return OutputFormat(FormatKind.JSON)
    if isinstance(told, dict):
        check_size(told, "format")
        return OutputFormat(FormatKind.JSON_SCHEMA, told)
    raise InvalidRequest('format: send "json", or a JSON schema as an object')


def _check_template(body: OllamaGenerateBody) -> None:
    if body.raw:
        raise InvalidRequest("raw: prompts go through the chosen model's own template here; leave raw out")
    if body.template:
        raise InvalidRequest("template: prompts go through the chosen model's own template here; leave template out")
    if body.suffix:
        raise InvalidRequest("suffix: no model here fills in the middle of a text; leave suffix out")
