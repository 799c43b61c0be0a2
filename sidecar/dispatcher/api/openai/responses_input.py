"""From the input items of a Responses request to core's messages."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dispatcher.api.openai.fields import list_at, object_at, text_at
from dispatcher.api.openai.images import image_of
from dispatcher.api.openai.messages import arguments_text
from dispatcher.core.task import Image, Message, Role, ToolCall
from dispatcher.errors import InvalidRequest

_ROLES = {"system": Role.SYSTEM, "developer": Role.SYSTEM, "user": Role.USER, "assistant": Role.ASSISTANT}
_TEXTS = frozenset({"input_text", "output_text", "text", "summary_text"})


def input_messages(given: str | Sequence[Mapping[str, Any]], instructions: str | None) -> tuple[Message, ...]:
    """The messages of a request; what was sent in answers before may come back as it was.

    Raises: InvalidRequest naming the place.
    """
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    found = [Message(Role.SYSTEM, instructions)] if instructions else []
    names: dict[str, str] = {}
    for index, item in enumerate(items):
        _take(item, f"input[{index}]", found, names)
    return tuple(found)


def _take(item: Mapping[str, Any], place: str, found: list[Message], names: dict[str, str]) -> None:
    kind = item.get("type") or "message"
    if kind == "message":
        found.append(_message(item, place))
    elif kind == "function_call":
        call = _call(item, place)
        names[call.id] = call.name
        _add_call(found, call)
    elif kind == "function_call_output":
        call_id = text_at(item.get("call_id"), f"{place}.call_id")
        text, images = _content(item.get("output"), f"{place}.output")
        found.append(Message(Role.TOOL, text, images, tool_call_id=call_id, tool_name=names.get(call_id)))
    elif kind == "item_reference":
        raise InvalidRequest(f"{place}: nothing is kept here that could be referred to; send the item itself")
    elif kind != "reasoning":  # thoughts of before aren't thought again
        raise InvalidRequest(
            f"{place}.type: only message, function_call, function_call_output and reasoning are taken here"
        )


def _message(item: Mapping[str, Any], place: str) -> Message:
    role = _ROLES.get(str(item.get("role")))
    if role is None:
        raise InvalidRequest(f"{place}.role: this is none of {', '.join(_ROLES)}")
    return Message(role, *_content(item.get("content"), f"{place}.content"))


def _call(item: Mapping[str, Any], place: str) -> ToolCall:
    return ToolCall(
        id=text_at(item.get("call_id"), f"{place}.call_id"),
        name=text_at(item.get("name"), f"{place}.name"),
        arguments=arguments_text(item.get("arguments"), f"{place}.arguments"),
    )


def _add_call(found: list[Message], call: ToolCall) -> None:
    """Calls belong to the turn of the assistant in which they were made."""
    if found and found[-1].role is Role.ASSISTANT:
        found[-1] = replace(found[-1], tool_calls=(*found[-1].tool_calls, call))
    else:
        found.append(Message(Role.ASSISTANT, "", tool_calls=(call,)))


def _content(content: object, place: str) -> tuple[str, tuple[Image, ...]]:
    if content is None or isinstance(content, str):
        return content or "", ()
    words: list[str] = []
    images: list[Image] = []
    for index, part in enumerate(list_at(content, place)):
        told, where = object_at(part, f"{place}[{index}]"), f"{place}[{index}]"
        kind = told.get("type")
        if kind in _TEXTS:
            words.append(text_at(told.get("text"), f"{where}.text"))
        elif kind == "refusal":
            words.append(text_at(told.get("refusal"), f"{where}.refusal"))
        elif kind == "input_image":
            images.append(image_of(told.get("image_url"), f"{where}.image_url"))
        else:
            raise InvalidRequest(f"{where}.type: only input_text, output_text and input_image are taken here, no files")
    return "\n".join(words), tuple(images)
