"""The words of an answer, told while its JSON is written."""

import json

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.answer_tap import AnswerTap


def told(text: str, sizes: list[int]) -> list[str]:
    """What is told when the text comes in pieces of these sizes, over and over."""
    tap, pieces, at = AnswerTap(), [], 0
    while at < len(text):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(tap.take(text[at : at + size]))
        at += size
    return pieces


@given(st.text(max_size=80), st.lists(st.integers(1, 9), min_size=1, max_size=5), st.booleans())
def test_however_it_is_cut_the_words_are_those_of_the_answer(answer: str, sizes: list[int], is_ascii: bool) -> None:
    written = json.dumps({"answer": answer}, ensure_ascii=is_ascii)
    assert "".join(told(written, sizes)) == answer


@given(st.text(max_size=40), st.integers(1, 200))
def test_of_an_answer_that_breaks_off_the_beginning_is_told(answer: str, length: int) -> None:
    written = json.dumps({"answer": answer})[:length]
    assert answer.startswith("".join(told(written, [3])))


def test_words_come_as_soon_as_they_are_there() -> None:
    assert told('{"answer": "It rains."}', [12, 3, 6, 2]) == ["", "It ", "rains.", ""]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_a_call_of_a_tool_tells_nothing(sizes: list[int]) -> None:
    call = {"tool_calls": [{"name": "answer", "arguments": {"answer": "not this"}}]}
    assert "".join(told(json.dumps(call, indent=1), sizes)) == ""
    assert "".join(told('{"answer": {"city": "Oslo"}}', sizes)) == ""
