"""Tools told in the prompt and called in JSON."""

import json
from dataclasses import replace

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.outcome import Completion, FinishReason, Usage
from dispatcher.core.spoken_tools import heard, held, is_spoken, spoken
from dispatcher.core.task import (
    NO_TOOLS,
    PLAIN_TEXT,
    FormatKind,
    Message,
    OutputFormat,
    Role,
    Tool,
    Toolbox,
    ToolCall,
    ToolUse,
)

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
BOX = Toolbox((Tool("weather", "Tells the weather.", CITY), Tool("time", "Tells the time.", {"type": "object"})))
OSLO = {"name": "weather", "arguments": {"city": "Oslo"}}


def said(text: str, finish: FinishReason = FinishReason.STOP) -> Completion:
    return Completion(text, finish, Usage(1, 1), 0.1, 0.2)


def allows(box: Toolbox, value: object, output: OutputFormat = PLAIN_TEXT) -> bool:
    return jsonschema_rs.is_valid(dict(held(box, output).schema or {}), value)


def test_the_tools_stand_in_the_system_text_after_the_callers() -> None:
    system, user = spoken("any", (Message(Role.SYSTEM, "Be brief."), Message(Role.USER, "Rain?")), BOX)
    assert system.content.startswith("Be brief.\n\nYou have these tools:\n- weather: Tells the weather.")
    assert user == Message(Role.USER, "Rain?")


def test_earlier_calls_and_their_results_become_plain_turns() -> None:
    asked = Message(Role.ASSISTANT, "", tool_calls=(ToolCall("7", "weather", '{"city": "Oslo"}'),))
    turns = spoken("any", (Message(Role.USER, "Rain?"), asked, Message(Role.TOOL, "7 °C", tool_call_id="7")), NO_TOOLS)
    assert [turn.role for turn in turns] == [Role.USER, Role.ASSISTANT, Role.USER]
    assert json.loads(turns[1].content) == {"tool_calls": [OSLO]}
    assert turns[2].content.startswith("Result of weather: 7 °C")


def test_what_has_neither_tools_nor_calls_is_left_alone() -> None:
    assert not is_spoken((Message(Role.USER, "Hi"),), NO_TOOLS)
    assert not is_spoken((Message(Role.USER, "Hi"),), replace(BOX, use=ToolUse.NONE))
    assert is_spoken((Message(Role.USER, "Hi"), Message(Role.TOOL, "x")), NO_TOOLS)


def test_the_shape_allows_calls_that_the_tools_take_and_answers() -> None:
    assert allows(BOX, {"tool_calls": [OSLO]})
    assert allows(BOX, {"answer": "It rains."})
    assert not allows(BOX, {"tool_calls": [{"name": "weather", "arguments": {}}]})
    assert not allows(BOX, {"tool_calls": [{"name": "rain", "arguments": {}}]})
    assert not allows(BOX, {"tool_calls": []})


@pytest.mark.parametrize("box", [replace(BOX, use=ToolUse.REQUIRED), replace(BOX, only="weather")])
def test_where_a_tool_must_be_called_no_answer_is_allowed(box: Toolbox) -> None:
    assert not allows(box, {"answer": "It rains."})
    assert allows(box, {"tool_calls": [OSLO]})
    assert allows(box, {"tool_calls": [{"name": "time", "arguments": {}}]}) is (box.only is None)


def test_one_call_at_a_time_where_the_caller_wants_that() -> None:
    assert not allows(replace(BOX, is_parallel=False), {"tool_calls": [OSLO, OSLO]})


def test_an_answer_keeps_to_the_format_that_was_asked_for() -> None:
    shape = OutputFormat(FormatKind.JSON_SCHEMA, CITY)
    assert allows(BOX, {"answer": {"city": "Oslo"}}, shape)
    assert not allows(BOX, {"answer": "Oslo"}, shape)
    found = heard(said('{"answer": {"city": "Ås"}}'))
    assert found is not None
    assert json.loads(found.text) == {"city": "Ås"}


def test_the_same_call_twice_is_one() -> None:
    found = heard(said(json.dumps({"tool_calls": [OSLO, OSLO, {"name": "time", "arguments": {}}]})))
    assert found is not None
    assert [(call.name, json.loads(call.arguments)) for call in found.tool_calls] == [
        ("weather", {"city": "Oslo"}),
        ("time", {}),
    ]


def test_an_answer_that_was_cut_is_told_as_far_as_it_came_and_a_call_is_not() -> None:
    found = heard(said('{"answer": "It rai', FinishReason.LENGTH))
    assert found is not None
    assert found.text == "It rai"
    assert heard(said('{"tool_calls": [{"name": "wea', FinishReason.LENGTH)) is None
    assert heard(said("[1]")) is None


@given(st.text(max_size=60), st.integers(0, 200))
def test_a_cut_answer_is_always_the_beginning_of_the_whole_one(answer: str, cut: int) -> None:
    whole = json.dumps({"answer": answer})
    found = heard(said(whole[: max(len('{"answer": "'), min(cut, len(whole)))]))
    assert found is not None
    assert answer.startswith(found.text)
