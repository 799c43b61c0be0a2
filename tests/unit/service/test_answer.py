"""Whether an answer has the asked shape."""

import pytest

from dispatcher.core.outcome import Completion, FinishReason, Usage
from dispatcher.core.task import PLAIN_TEXT, FormatKind, OutputFormat
from dispatcher.errors import InvalidAnswer, InvalidRequest
from dispatcher.service.answer import check_answer, check_schema

JSON = OutputFormat(FormatKind.JSON)
PERSON = OutputFormat(
    FormatKind.JSON_SCHEMA,
    {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]},
)


def said(text: str, finish: FinishReason = FinishReason.STOP) -> Completion:
    return Completion(text, finish, Usage(1, 1), 0.1, 0.2)


def test_text_is_taken_as_it_is() -> None:
    assert check_answer(said("{not json"), PLAIN_TEXT).value is None


def test_json_comes_parsed() -> None:
    assert check_answer(said(' {"a": [1, null]} '), JSON).value == {"a": [1, None]}
    assert check_answer(said('{"age": 3}'), PERSON).value == {"age": 3}


@pytest.mark.parametrize("text", ["", "sure!", '{"a": 1', "NaN", '```json\n{"a": 1}\n```'])
def test_what_is_not_json_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        check_answer(said(text), JSON)
    assert not text or text not in caught.value.message


def test_an_answer_that_was_cut_says_what_to_raise() -> None:
    with pytest.raises(InvalidAnswer, match="max_tokens"):
        check_answer(said('{"a": "begi', FinishReason.LENGTH), JSON)


def test_an_answer_outside_the_schema_is_told_by_place_not_by_value() -> None:
    with pytest.raises(InvalidAnswer, match="age") as caught:
        check_answer(said('{"age": "secret"}'), PERSON)
    assert "secret" not in caught.value.message


def test_a_schema_that_is_none_is_told_by_place() -> None:
    broken = OutputFormat(FormatKind.JSON_SCHEMA, {"properties": {"age": {"type": "number-ish"}}})
    with pytest.raises(InvalidRequest, match=r"properties/age/type"):
        check_schema(broken)
    check_schema(PERSON)
    check_schema(PLAIN_TEXT)
