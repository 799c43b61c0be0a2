"""From Ollama's messages and tools to core's: arguments are objects there, and a result needn't say whose it is."""

from collections.abc import Sequence
from itertools import chain

import orjson

from dispatcher.api.json_schemas import check_size
from dispatcher.api.ollama.pictures import pictures
from dispatcher.api.ollama.schemas import OllamaMessageBody, OllamaToolBody, OllamaToolCallBody
from dispatcher.core.task import NO_TOOLS, Message, Role, Tool, Toolbox, ToolCall
from dispatcher.errors import InvalidRequest

_NO_ARGUMENTS = {"type": "object", "properties": {}}


def messages_of(told: Sequence[OllamaMessageBody]) -> tuple[Message, ...]:
    """The turns, each result of a tool linked with its call: by id, else by name, else by order.

    Raises: InvalidRequest naming the message.
    """
    found: list[Message] = []
    open_calls: list[ToolCall] = []
    for index, message in enumerate(told):
        field = f"messages.{index}"
        calls = tuple(_call(call, f"{field}.{number}") for number, call in enumerate(message.tool_calls or ()))
        if message.role is Role.TOOL:
            found.append(_result(message, open_calls))
            continue
        if calls:
            open_calls = list(calls)
        found.append(
            Message(message.role, message.content or "", pictures(message.images, f"{field}.images"), tool_calls=calls)
        )
    return tuple(found)


def toolbox_of(told: Sequence[OllamaToolBody] | None) -> Toolbox:
    """The tools on offer; an empty list offers none.

    Raises: InvalidRequest when two have the same name.
    """
    if not told:
        return NO_TOOLS
    functions = [tool.function for tool in told]
    if len({function.name for function in functions}) < len(functions):
        raise InvalidRequest("tools: two tools have the same name; give each its own")
    for index, function in enumerate(functions):
        check_size(function.parameters or {}, f"tools.{index}.function.parameters")
    return Toolbox(tuple(Tool(one.name, one.description or "", one.parameters or _NO_ARGUMENTS) for one in functions))


def _call(call: OllamaToolCallBody, place: str) -> ToolCall:
    arguments = call.function.arguments
    text = arguments if isinstance(arguments, str) else orjson.dumps(arguments or {}).decode()
    return ToolCall(call.id or f"call_{place.removeprefix('messages.').replace('.', '_')}", call.function.name, text)


def _result(message: OllamaMessageBody, open_calls: list[ToolCall]) -> Message:
    name = message.tool_name or message.name
    by_id = (one for one in open_calls if one.id == message.tool_call_id)
    by_name = (one for one in open_calls if one.name == name)
    call = next(chain(by_id, by_name, open_calls), None)
    if call is None:
        return Message(Role.TOOL, message.content or "", tool_call_id=message.tool_call_id, tool_name=name)
    open_calls.remove(call)
    return Message(Role.TOOL, message.content or "", tool_call_id=call.id, tool_name=call.name)
