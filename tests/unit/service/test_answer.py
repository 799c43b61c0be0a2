"""Whether an answer has the asked shape, and calls tools as they want to be called."""

from dataclasses import replace

import pytest

from dispatcher.core.outcome import Completion, FinishReason, Usage
from dispatcher.core.task import (
    NO_TOOLS,
    PLAIN_TEXT,
    DispatchRequest,
    FormatKind,
    Message,
    OutputFormat,
    Requirements,
    Role,
    Tool,
    Toolbox,
    ToolCall,
    ToolUse,
)
from dispatcher.errors import AnswerCut, InvalidAnswer, InvalidRequest
from dispatcher.service.answer import check_answer, check_schemas

JSON = OutputFormat(FormatKind.JSON)
PERSON = OutputFormat(
    FormatKind.JSON_SCHEMA,
    {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]},
)


def said(text: str, finish: FinishReason = FinishReason.STOP) -> Completion:
    return Completion(text, finish, Usage(1, 1), 0.1, 0.2)


def test_text_is_taken_as_it_is() -> None:
    assert check_answer(said("{not json"), PLAIN_TEXT, NO_TOOLS).value is None


def test_json_comes_parsed() -> None:
    assert check_answer(said(' {"a": [1, null]} '), JSON, NO_TOOLS).value == {"a": [1, None]}
    assert check_answer(said('{"age": 3}'), PERSON, NO_TOOLS).value == {"age": 3}


@pytest.mark.parametrize("text", ["", "sure!", '{"a": 1', "NaN", '```json\n{"a": 1}\n```'])
def test_what_is_not_json_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        check_answer(said(text), JSON, NO_TOOLS)
    assert not text or text not in caught.value.message


def test_an_answer_that_was_cut_says_what_to_raise() -> None:
    with pytest.raises(InvalidAnswer, match="max_tokens"):
        check_answer(said('{"a": "begi', FinishReason.LENGTH), JSON, NO_TOOLS)


def test_an_answer_outside_the_schema_is_told_by_place_not_by_value() -> None:
    with pytest.raises(InvalidAnswer, match="age") as caught:
        check_answer(said('{"age": "secret"}'), PERSON, NO_TOOLS)
    assert "secret" not in caught.value.message


def test_a_schema_that_is_none_is_told_by_place() -> None:
    broken = OutputFormat(FormatKind.JSON_SCHEMA, {"properties": {"age": {"type": "number-ish"}}})
    with pytest.raises(InvalidRequest, match=r"properties/age/type"):
        check_schemas(asking(broken))
    check_schemas(asking(PERSON))
    check_schemas(asking(PLAIN_TEXT))


def asking(output: OutputFormat = PLAIN_TEXT, toolbox: Toolbox = NO_TOOLS) -> DispatchRequest:
    return DispatchRequest((Message(Role.USER, "x"),), Requirements(1.0, output=output), toolbox=toolbox)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:9/schema"},
        {"$ref": "#/nowhere"},
        {"pattern": "("},
        {"$schema": "http://unknown.example/schema"},
    ],
)
def test_a_schema_that_points_elsewhere_is_refused_and_nothing_is_fetched(schema: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest, match=r"requirements\.format is not a valid JSON schema"):
        check_schemas(asking(OutputFormat(FormatKind.JSON_SCHEMA, schema)))


def test_a_pattern_that_would_take_for_ever_is_given_up() -> None:
    slow = OutputFormat(FormatKind.JSON_SCHEMA, {"type": "string", "pattern": r"^(a+)+(?=b)$"})
    with pytest.raises(InvalidAnswer, match="pattern"):
        check_answer(said(f'"{"a" * 60}!"'), slow, NO_TOOLS)


WEATHER = Tool("weather", "", {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
BOX = Toolbox((WEATHER,))


def calls(name: str, arguments: str, finish: FinishReason = FinishReason.STOP) -> Completion:
    return replace(said("", finish), tool_calls=(ToolCall("1", name, arguments),))


def test_a_call_that_suits_its_tool_is_an_answer_even_where_json_was_asked_for() -> None:
    assert check_answer(calls("weather", '{"city": "Oslo"}'), JSON, BOX).value is None


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("rain", '{"city": "Oslo"}', "there isn't; there are weather"),
        ("weather", '{"city": "Os', "aren't JSON"),
        ("weather", '["Oslo"]', "no JSON object"),
        ("weather", '{"city": 7}', r"at city \(type\)"),
        ("weather", "{}", r"at its top \(required\)"),
    ],
)
def test_a_call_that_its_tool_cannot_take_is_told_by_place(name: str, arguments: str, told: str) -> None:
    with pytest.raises(InvalidAnswer, match=told) as caught:
        check_answer(calls(name, arguments), PLAIN_TEXT, BOX)
    assert "Os" not in caught.value.message


def test_a_call_that_was_cut_says_so() -> None:
    with pytest.raises(AnswerCut, match="raise requirements"):
        check_answer(calls("weather", '{"ci', FinishReason.LENGTH), PLAIN_TEXT, BOX)


@pytest.mark.parametrize("box", [replace(BOX, use=ToolUse.REQUIRED), replace(BOX, only="weather")])
def test_where_a_tool_must_be_called_words_are_no_answer(box: Toolbox) -> None:
    with pytest.raises(InvalidAnswer, match="calls no tool"):
        check_answer(said("It rains."), PLAIN_TEXT, box)
    with pytest.raises(InvalidAnswer, match="there are weather"):
        check_answer(calls("snow", "{}"), PLAIN_TEXT, box)


def test_the_parameters_of_a_tool_must_be_a_schema() -> None:
    with pytest.raises(InvalidRequest, match="the parameters of odd is not"):
        check_schemas(asking(toolbox=Toolbox((Tool("odd", "", {"type": "thing"}),))))
