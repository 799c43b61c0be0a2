"""Tool calls in the making: put together from the parts that a chat completion stream brings."""

from dataclasses import dataclass
from typing import Any

from dispatcher.core.task import ToolCall
from dispatcher.errors import RuntimeBadAnswer

_CALLS_MAX = 64


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


class CallsSoFar:
    """The calls that have begun, in the order in which they did."""

    def __init__(self) -> None:
        self._calls: dict[int, _Call] = {}

    def take(self, parts: object) -> int:
        """Take the parts of one chunk; returns how many characters came. RuntimeBadAnswer when they are no parts."""
        if not isinstance(parts, list):
            raise RuntimeBadAnswer("the inference server sent tool calls that are no list")
        return sum(self._take(part) for part in parts)

    def whole(self) -> tuple[ToolCall, ...]:
        """The calls, once the answer has ended; an id that the server didn't give is empty."""
        return tuple(ToolCall(call.id, call.name, call.arguments) for call in self._calls.values())

    def _take(self, part: Any) -> int:
        if not isinstance(part, dict) or not isinstance(function := part.get("function") or {}, dict):
            raise RuntimeBadAnswer("the inference server sent a tool call of an unknown shape")
        call = self._at(part.get("index", 0))
        call.id = call.id or _text(part.get("id"))
        call.name += _text(function.get("name"))
        arguments = _text(function.get("arguments"))
        call.arguments += arguments
        return len(arguments)

    def _at(self, index: object) -> _Call:
        if not isinstance(index, int) or not 0 <= index < _CALLS_MAX:
            raise RuntimeBadAnswer(f"the inference server sent more than {_CALLS_MAX} tool calls")
        return self._calls.setdefault(index, _Call())


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RuntimeBadAnswer("the inference server sent a tool call that is no text")
    return value
