"""Tools for models that have no words of their own for them: told in the prompt, called in JSON that a grammar holds.

The runtime's grammar makes every call one that its tool takes, which the parsers of chat templates can't promise.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dispatcher.core.outcome import Completion
from dispatcher.core.task import (
    FormatKind,
    Message,
    OutputFormat,
    Role,
    Tool,
    Toolbox,
    ToolCall,
    ToolUse,
)

_CALLS_MAX = 4  # at once: small models repeat themselves as long as they may
_CALLS, _ANSWER = "tool_calls", "answer"
_ANSWER_HEAD = re.compile(r'\s*\{\s*"answer"\s*:\s*"')
_ESCAPE_CHARS_MAX = 13  # of a pair of \\u escapes, which may be cut anywhere


def spoken(family: str, messages: Sequence[Message], toolbox: Toolbox) -> tuple[Message, ...]:
    """The messages with the tools told in the system text, and the calls and results so far as plain turns."""
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    turns = (_turn(family, message, names) for message in messages if message.role is not Role.SYSTEM)
    system = [message.content for message in messages if message.role is Role.SYSTEM]
    if toolbox.offered:
        system.append(_told(toolbox))
    return (Message(Role.SYSTEM, "\n\n".join(system)), *turns) if system else tuple(turns)


def is_spoken(messages: Sequence[Message], toolbox: Toolbox) -> bool:
    """Whether there are tools, or calls of earlier ones, to be put into words."""
    return bool(toolbox.offered) or any(message.tool_calls or message.role is Role.TOOL for message in messages)


def held(toolbox: Toolbox, output: OutputFormat) -> OutputFormat:
    """The shape that holds either calls of the tools or, where none must be called, an answer in the asked format."""
    calls = {
        "type": "object",
        "properties": {
            _CALLS: {
                "type": "array",
                "items": {"anyOf": [_call_schema(tool) for tool in toolbox.offered]},
                "minItems": 1,
                "maxItems": _CALLS_MAX if toolbox.is_parallel else 1,
            }
        },
        "required": [_CALLS],
        "additionalProperties": False,
    }
    if _must_call(toolbox):
        return OutputFormat(FormatKind.JSON_SCHEMA, calls)
    answer = {
        "type": "object",
        "properties": {_ANSWER: _answer_schema(output)},
        "required": [_ANSWER],
        "additionalProperties": False,
    }
    return OutputFormat(FormatKind.JSON_SCHEMA, {"anyOf": [answer, calls]})


def heard(completion: Completion) -> Completion | None:
    """The completion with the calls or the answer that its JSON holds; None when it was cut in the middle of a call."""
    try:
        said = json.loads(completion.text)
    except ValueError:
        text = _begun(completion.text)
        return None if text is None else replace(completion, text=text)
    if not isinstance(said, dict):
        return None
    calls = said.get(_CALLS)
    if isinstance(calls, list):
        return replace(completion, text="", tool_calls=tuple(_calls(calls)))
    answer = said.get(_ANSWER, "")
    return replace(completion, text=_whole(answer) if isinstance(answer, str) else _written(answer))


def _written(value: object) -> str:
    return _whole(json.dumps(value, ensure_ascii=False))


def _whole(text: str) -> str:
    """The text without halves of characters, which a model can write as escapes and no protocol can carry."""
    return text.encode("utf-8", "replace").decode()


def _begun(text: str) -> str | None:
    """What there is of an answer in words that was cut off."""
    head = _ANSWER_HEAD.match(text)
    if head is None:
        return None
    for cut in range(_ESCAPE_CHARS_MAX):
        try:
            said = str(json.loads(f'"{text[head.end() : len(text) - cut]}"'))
            return said[:-1] if "\ud800" <= said[-1:] <= "\udbff" else said  # half a character
        except ValueError:
            continue
    return None


def _calls(calls: Sequence[object]) -> Iterator[ToolCall]:
    """Each call once: a small model that says the same twice means it once."""
    seen: set[tuple[str, str]] = set()
    for call in calls:
        if not isinstance(call, dict) or not isinstance(call.get("name"), str):
            continue
        told = call["name"], _written(call.get("arguments", {}))
        if told not in seen:
            seen.add(told)
            yield ToolCall("", *told)


def _must_call(toolbox: Toolbox) -> bool:
    return toolbox.use is ToolUse.REQUIRED or toolbox.only is not None


def _told(toolbox: Toolbox) -> str:
    tools = "\n".join(_tool_words(tool) for tool in toolbox.offered)
    call = '{"tool_calls": [{"name": NAME, "arguments": {…}}]}'
    if _must_call(toolbox):
        return f"You have these tools:\n{tools}\nCall one. Answer in JSON: {call}"
    return (
        f"You have these tools:\n{tools}\n"
        f"When a tool would help and its result isn't here yet, answer in JSON: {call}\n"
        'Otherwise answer the user in JSON: {"answer": "…"}'
    )


def _tool_words(tool: Tool) -> str:
    schema = json.dumps(tool.parameters.get("properties", {}), ensure_ascii=False, separators=(",", ":"))
    return f"- {tool.name}: {tool.description} Arguments: {schema}"


def _turn(family: str, message: Message, names: Mapping[str, str]) -> Message:
    if message.role is Role.TOOL:
        name = message.tool_name or names.get(message.tool_call_id or "") or "the tool"
        return Message(Role.USER, _result_words(family, name, message.content))
    if not message.tool_calls:
        return message
    calls = [{"name": call.name, "arguments": _arguments(call)} for call in message.tool_calls]
    return Message(Role.ASSISTANT, json.dumps({_CALLS: calls}, ensure_ascii=False))


def _result_words(family: str, name: str, result: str) -> str:
    """Put so that the model answers instead of calling once more: measured on five conversations for each family."""
    if family == "smollm2":
        return f"The tool's result: {result}\nNow answer."
    return f'Result of {name}: {result}\n\nUse this result to answer my question, in JSON: {{"answer": "…"}}'


def _arguments(call: ToolCall) -> object:
    try:
        return json.loads(call.arguments or "{}")
    except ValueError:
        return call.arguments


def _call_schema(tool: Tool) -> Mapping[str, object]:
    return {
        "type": "object",
        "properties": {"name": {"const": tool.name}, "arguments": tool.parameters},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


def _answer_schema(output: OutputFormat) -> Mapping[str, object]:
    if output.kind is FormatKind.JSON_SCHEMA:
        return output.schema or {}
    return {"type": "object"} if output.kind is FormatKind.JSON else {"type": "string"}
