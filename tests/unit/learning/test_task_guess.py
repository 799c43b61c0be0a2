"""The table by which `auto` guesses task types: what it is worth, and what happens to a bad one."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.core.classification import likeliest, task_scores, words_of
from dispatcher.core.features import TextFeatures, features_of
from dispatcher.core.task import Message, Role, TaskType
from dispatcher.learning.task_file import CARD, TABLE, load_task_weights
from dispatcher.learning.task_guess import TaskWeights
from dispatcher.learning.task_words import ROWS, rows_of
from scripts.tasking.examples import fresh_examples
from tests.unit.core.test_classification import LABELLED


@pytest.fixture(scope="module")
def weights() -> TaskWeights:
    return load_task_weights()


def text_of(prompt: str) -> TextFeatures:
    return features_of([Message(Role.USER, prompt)])


def served(weights: TaskWeights, text: TextFeatures) -> TaskType:
    scores = task_scores(text, words_of(text))
    ruled = likeliest(scores, text)
    guess, chance = weights.guess(weights.logits(rows_of(text), scores, ruled))
    return guess if chance >= weights.sure_from else ruled


def test_prompts_written_after_the_fit_are_told_far_better_than_by_the_rules(weights: TaskWeights) -> None:
    fresh = fresh_examples()
    right = sum(served(weights, one.text) is one.task_type for one in fresh) / len(fresh)
    ruled = sum(one.ruled is one.task_type for one in fresh) / len(fresh)
    assert right >= ruled + 0.2
    assert right >= 0.7


def test_what_the_rules_were_written_for_stays_right(weights: TaskWeights) -> None:
    wrong = [prompt for prompt, right in LABELLED if served(weights, text_of(prompt)) is not right]
    assert len(wrong) <= len(LABELLED) // 10, wrong


def test_the_card_says_that_it_beats_the_rules_wherever_it_was_judged() -> None:
    for name, told in json.loads(CARD.read_text())["accuracy"].items():
        assert told["served"] >= told["rules"] + 0.1, name


def test_the_table_is_small() -> None:
    assert TABLE.stat().st_size + CARD.stat().st_size <= 200_000


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=3000))
def test_any_text_has_rows_within_the_table_each_once(text: str) -> None:
    rows = rows_of(text_of(text))
    assert all(0 <= row < ROWS for row in rows)
    assert len(set(rows)) == len(rows)
    assert rows == rows_of(text_of(text))


def test_a_word_has_the_same_row_in_every_process() -> None:
    assert 0x3610A686 % 8192 in rows_of(text_of("hello"))  # its CRC-32


@pytest.mark.parametrize(
    "change",
    [{"sha256": "0" * 64}, {"units": None}, {"kinds": ["chat"]}, {"bias": [0.0]}, {"bias": [float("nan")] * 9}],
)
def test_a_table_that_isnt_what_its_card_says_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    card = tmp_path / "card.json"
    card.write_text(json.dumps({**json.loads(CARD.read_text()), **change}))
    with pytest.raises(ValueError, match="table"):
        load_task_weights(TABLE, card)
