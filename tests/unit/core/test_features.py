"""Numbers taken from a prompt."""

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.features import FEATURES, WORK, features_of, numbers, token_estimate
from dispatcher.core.task import Complexity, Message, Role, TaskType


def test_four_ascii_characters_are_about_one_token() -> None:
    assert token_estimate("a" * 400) == 100


def test_other_scripts_take_more_tokens_per_character() -> None:
    assert token_estimate("日本語" * 100) > token_estimate("abc" * 100)


@given(st.text(max_size=300), st.text(max_size=300))
def test_more_text_never_has_fewer_tokens(first: str, second: str) -> None:
    assert token_estimate(first + second) >= token_estimate(first)


def test_the_sample_of_a_long_prompt_has_its_beginning_and_end() -> None:
    sample = features_of([Message(Role.USER, "BEGIN " + "x" * 50_000 + " END")]).sample
    assert sample.startswith("begin ")
    assert sample.endswith(" end")
    assert len(sample) < 2_000


def test_all_messages_count_but_only_the_last_of_the_user_is_sampled() -> None:
    turns = [
        Message(Role.SYSTEM, "Be brief."),
        Message(Role.USER, "one?"),
        Message(Role.ASSISTANT, "1"),
        Message(Role.USER, "two"),
    ]
    text = features_of(turns)
    assert (text.chars, text.turns, text.sample, text.question_marks) == (17, 3, "two", 0)


@given(st.text(max_size=3000), st.sampled_from(WORK), st.sampled_from([Complexity.LOW, Complexity.HIGH]))
def test_every_request_has_all_the_numbers_and_they_are_finite(
    prompt: str, task: TaskType, complexity: Complexity
) -> None:
    found = numbers(features_of([Message(Role.USER, prompt)]), task, complexity)
    assert len(found) == len(FEATURES)
    assert all(isfinite(one) for one in found)
    assert sum(found[-len(WORK) :]) == 1


def test_capitals_count_although_the_sample_has_none() -> None:
    names = [name for name, _ in FEATURES]
    loud = numbers(features_of([Message(Role.USER, "WHO WAS IT?")]), TaskType.CHAT, Complexity.LOW)
    assert loud[names.index("capitals")] == pytest.approx(8 / 11)
    assert loud[names.index("says_who")] == 1
    assert loud[names.index("ends_asking")] == 1


def test_no_two_numbers_have_the_same_name() -> None:
    assert len({name for name, _ in FEATURES}) == len(FEATURES)
