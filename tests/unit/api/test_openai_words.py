"""Messages and tools in OpenAI's words, as they are understood."""

from typing import Any

import pytest

from dispatcher.api.openai.messages import messages_of
from dispatcher.api.openai.responses_input import input_messages
from dispatcher.api.openai.tools import toolbox_of
from dispatcher.core.task import Image, Message, Role, ToolCall, ToolUse
from dispatcher.errors import InvalidRequest

CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"place":"Oslo","id":"c1"}'}}
CALLED = ToolCall("c1", "weather", '{"place":"Oslo","id":"c1"}')


def tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}


def test_a_result_is_that_of_the_call_with_its_id() -> None:
    said = [
        {"role": "assistant", "content": [], "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "Snow."},
        {"role": "tool", "tool_call_id": "c2", "content": "Whose?"},
    ]
    assert messages_of(said) == (
        Message(Role.ASSISTANT, "", tool_calls=(CALLED,)),
        Message(Role.TOOL, "Snow.", tool_call_id="c1", tool_name="weather"),
        Message(Role.TOOL, "Whose?", tool_call_id="c2", tool_name=None),
    )


def test_content_is_text_parts_nothing_or_an_empty_list() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/PNG;base64,aGk="}}
    said = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "What"}, picture, {"type": "text", "text": "is it?"}]},
        {"role": "assistant", "content": None},
        {"role": "user", "content": []},
    ]
    assert messages_of(said) == (
        Message(Role.SYSTEM, "Be brief."),
        Message(Role.USER, "What\nis it?", (Image("image/png", "aGk="),)),
        Message(Role.ASSISTANT, ""),
        Message(Role.USER, ""),
    )


def test_arguments_may_be_the_object_that_they_are() -> None:
    function = {"name": "weather", "arguments": {"place": "Oslo"}}
    (said,) = messages_of([{"role": "assistant", "tool_calls": [{"id": "c", "function": function}]}])
    assert said.tool_calls[0].arguments == '{"place":"Oslo"}'


def test_calls_among_input_items_belong_to_one_turn() -> None:
    items = [
        {"role": "user", "content": "Weather?"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look."}]},
        {"type": "function_call", "call_id": "a", "name": "weather", "arguments": "{}"},
        {"type": "function_call", "call_id": "b", "name": "clock", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "b", "output": "Noon"},
    ]
    system, user, turn, result = input_messages(items, "Be brief.")
    assert (system.content, user.content, turn.content) == ("Be brief.", "Weather?", "I look.")
    assert [call.name for call in turn.tool_calls] == ["weather", "clock"]
    assert (result.tool_name, result.content) == ("clock", "Noon")


@pytest.mark.parametrize(
    ("choice", "use", "offered"),
    [
        (None, ToolUse.AUTO, ["a", "b"]),
        ("auto", ToolUse.AUTO, ["a", "b"]),
        ("none", ToolUse.NONE, []),
        ("required", ToolUse.REQUIRED, ["a", "b"]),
        ({"type": "function", "function": {"name": "b"}}, ToolUse.REQUIRED, ["b"]),
        ({"type": "function", "name": "b"}, ToolUse.REQUIRED, ["b"]),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [tool("a")]}}, ToolUse.AUTO, ["a"]),
        ({"type": "allowed_tools", "mode": "required", "tools": [{"name": "a"}]}, ToolUse.REQUIRED, ["a"]),
    ],
)
def test_the_choice_says_which_tools_may_or_must_be_called(choice: object, use: ToolUse, offered: list[str]) -> None:
    box = toolbox_of([tool("a"), tool("b")], choice, is_parallel=False)
    assert (box.use, [one.name for one in box.offered], box.is_parallel) == (use, offered, False)


def test_a_tool_may_lack_a_description_and_parameters() -> None:
    (found,) = toolbox_of([{"type": "function", "name": "now", "strict": None}], None, is_parallel=None).tools
    assert (found.description, found.parameters) == ("", {"type": "object", "properties": {}})


@pytest.mark.parametrize("choice", ["any", 7, {"type": "custom"}, {"type": "function", "name": "c"}, {"type": None}])
def test_a_choice_that_means_nothing_is_told(choice: object) -> None:
    with pytest.raises(InvalidRequest, match="tool_choice"):
        toolbox_of([tool("a")], choice, is_parallel=None)
