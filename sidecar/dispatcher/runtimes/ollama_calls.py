"""Tool calls as Ollama gives them: whole, their arguments as an object."""

import orjson

from dispatcher.core.task import ToolCall
from dispatcher.errors import RuntimeBadAnswer

_CALLS_MAX = 64


def tool_calls(told: object) -> tuple[ToolCall, ...]:
    """The calls of one line; an id that the server didn't give is empty. RuntimeBadAnswer when they are none."""
    if told is None:
        return ()
    if not isinstance(told, list) or len(told) > _CALLS_MAX:
        raise RuntimeBadAnswer(f"the inference server sent tool calls that are no list of at most {_CALLS_MAX}")
    return tuple(_call(entry) for entry in told)


def _call(entry: object) -> ToolCall:
    function = entry.get("function") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise RuntimeBadAnswer("the inference server sent a tool call of an unknown shape")
    identity, arguments = entry.get("id"), function.get("arguments")
    text = arguments if isinstance(arguments, str) else orjson.dumps(arguments or {}).decode()
    return ToolCall(identity if isinstance(identity, str) else "", function["name"], text)
