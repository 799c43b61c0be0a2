"""From the messages of a chat completion request to core's."""

from collections.abc import Mapping, Sequence
from typing import Any

from dispatcher.api.openai.fields import json_at, list_at, object_at, text_at
from dispatcher.api.openai.images import image_of
from dispatcher.core.task import Image, Message, Role, ToolCall
from dispatcher.errors import InvalidRequest

_ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "tool": Role.TOOL,
}


def messages_of(messages: Sequence[Mapping[str, Any]]) -> tuple[Message, ...]:
    """The messages, each result of a tool with the name of the tool that was called.

    Raises: InvalidRequest naming the place.
    """
    names: dict[str, str] = {}
    found = []
    for index, message in enumerate(messages):
        said = _message(message, f"messages[{index}]", names)
        names |= {call.id: call.name for call in said.tool_calls}
        found.append(said)
    return tuple(found)


def _message(message: Mapping[str, Any], place: str, names: Mapping[str, str]) -> Message:
    role = _ROLES.get(str(message.get("role")))
    if role is None:
        raise InvalidRequest(
            f"{place}.role: this is none of {', '.join(_ROLES)}"
            + ("; send results of tools as role tool with tool_call_id" if message.get("role") == "function" else "")
        )
    text, images = _content(message.get("content"), f"{place}.content")
    if role is Role.TOOL:
        call_id = text_at(message.get("tool_call_id"), f"{place}.tool_call_id")
        return Message(role, text, images, tool_call_id=call_id, tool_name=names.get(call_id))
    if role is Role.ASSISTANT:
        return Message(role, text, images, tool_calls=_calls(message, place))
    return Message(role, text, images)


def _content(content: object, place: str) -> tuple[str, tuple[Image, ...]]:
    """The words and the pictures; parts of text are lines, as llama.cpp has it."""
    if content is None or isinstance(content, str):
        return content or "", ()
    words: list[str] = []
    images: list[Image] = []
    for index, part in enumerate(list_at(content, place)):
        _take_part(object_at(part, f"{place}[{index}]"), f"{place}[{index}]", words, images)
    return "\n".join(words), tuple(images)


def _take_part(part: Mapping[str, Any], place: str, words: list[str], images: list[Image]) -> None:
    kind = part.get("type")
    if kind == "text":
        words.append(text_at(part.get("text"), f"{place}.text"))
    elif kind == "refusal":
        words.append(text_at(part.get("refusal"), f"{place}.refusal"))
    elif kind == "image_url":
        told = part.get("image_url")
        images.append(image_of(told.get("url") if isinstance(told, dict) else told, f"{place}.image_url.url"))
    else:
        raise InvalidRequest(f"{place}.type: only text and image_url are taken here, no audio and no files")


def _calls(message: Mapping[str, Any], place: str) -> tuple[ToolCall, ...]:
    if message.get("function_call"):
        raise InvalidRequest(f"{place}.function_call: send it as tool_calls, which have replaced it")
    calls = list_at(message.get("tool_calls"), f"{place}.tool_calls")
    return tuple(_call(call, f"{place}.tool_calls[{index}]") for index, call in enumerate(calls))


def _call(call: object, place: str) -> ToolCall:
    told = object_at(call, place)
    function = object_at(told.get("function"), f"{place}.function")
    arguments = function.get("arguments")
    return ToolCall(
        id=text_at(told.get("id"), f"{place}.id"),
        name=text_at(function.get("name"), f"{place}.function.name"),
        arguments=arguments_text(arguments, f"{place}.function.arguments"),
    )


def arguments_text(arguments: object, place: str) -> str:
    """The arguments of a call that was made, as JSON text; some clients send them as the object they are."""
    if isinstance(arguments, dict):
        return json_at(arguments, place).decode()
    return "{}" if arguments is None or arguments == "" else text_at(arguments, place)
