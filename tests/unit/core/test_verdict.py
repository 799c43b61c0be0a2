"""What is seen of an answer without reading it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.verdict import Verdict, verdict_of

DECLINED = [
    "I'm sorry, but I can't help with that.",
    "I\N{RIGHT SINGLE QUOTATION MARK}m sorry, I cannot assist with this request.",
    "I am sorry, but I am not able to write that.",
    "Sorry, I can't do that.",
    "I cannot fulfill this request because it is harmful.",
    "I can't assist with that",
    "I'm unable to provide medical advice.",
    "As an AI language model, I cannot browse the web.",
    "Es tut mir leid, aber dabei kann ich nicht helfen.",
    "Je suis désolé, mais je ne peux pas vous aider.",
    "Lo siento, pero no puedo ayudar con eso.",
]
ANSWERED = [
    "Paris.",
    "I can't wait to see you at the party on Friday!",
    "Dear Ms Miller, we are sorry that your parcel came late. We will send a new one.",
    "*The customer* said: I'm sorry, but I can't help with that.",
    '{"answer": "I cannot"}',
    "I'm sorry to hear that you are ill. Take care.",
    "def cannot(): ...",
]


@pytest.mark.parametrize("text", DECLINED)
def test_a_polite_no_is_recognised(text: str) -> None:
    assert verdict_of(text, None).is_refusal


@pytest.mark.parametrize("text", ANSWERED)
def test_an_answer_that_speaks_of_not_being_able_is_none(text: str) -> None:
    assert not verdict_of(text, None).is_refusal


def test_a_no_far_into_an_answer_is_none() -> None:
    assert not verdict_of("x " * 100 + "I'm sorry, but I can't help with that.", None).is_refusal


def test_white_space_is_an_empty_answer() -> None:
    assert verdict_of(" \n\t", True) == Verdict(is_valid=True, is_empty=True, is_refusal=False)


@given(st.text(max_size=400))
def test_any_text_is_judged(text: str) -> None:
    assert verdict_of(text, False).is_valid is False
