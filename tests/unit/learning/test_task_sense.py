"""What callers teach about task types and complexities, what that changes, and what it can't."""

import random
import zlib
from dataclasses import replace

import pytest

from dispatcher.core.classification import complexity_of
from dispatcher.core.features import features_of
from dispatcher.core.task import Complexity, Message, Role, TaskType
from dispatcher.core.taught import TaughtCounts
from dispatcher.learning.task_file import load_task_weights
from dispatcher.learning.task_guess import KINDS
from dispatcher.learning.task_sense import LearnedSense, Seen
from dispatcher.learning.task_taught import VERSION
from scripts.tasking.examples import Example, fresh_examples, own_examples

WEIGHTS = load_task_weights()
FRESH = fresh_examples()
BOOKINGS = [
    f"Beleg {number} buchen auf Konto {account}, {what}"
    for number, (what, account) in enumerate(
        [
            (what, account)
            for what in ("Telefon", "Miete", "Strom", "Porto")
            for account in (4410, 4220, 4930, 4805, 4650)
        ],
        2201,
    )
]


def seen(prompt: str) -> Seen:
    return Seen.of(features_of([Message(Role.USER, prompt)]))


def task_type(sense: LearnedSense, prompt: str) -> TaskType:
    return sense.task_type(seen(prompt))[0]


def taught(prompts: list[str], *labels: str, workflow: str = "books") -> LearnedSense:
    sense = LearnedSense(WEIGHTS)
    for prompt in prompts:
        sense.learn(seen(prompt), labels, workflow)
    sense.refresh()
    return sense


def right(sense: LearnedSense, examples: list[Example]) -> float:
    return sum(sense.task_type(Seen.of(one.text))[0] is one.task_type for one in examples) / len(examples)


def test_prompts_that_look_alike_follow_what_a_node_says_of_them() -> None:
    assert {task_type(LearnedSense(WEIGHTS), prompt) for prompt in BOOKINGS[10:]} != {TaskType.CLASSIFICATION}
    sense = taught(BOOKINGS[:10], TaskType.CLASSIFICATION)
    assert {task_type(sense, prompt) for prompt in BOOKINGS[10:]} == {TaskType.CLASSIFICATION}


def test_one_example_convinces_nobody() -> None:
    sense = taught(BOOKINGS[:1], TaskType.CLASSIFICATION)
    assert TaskType.CLASSIFICATION not in {task_type(sense, prompt) for prompt in BOOKINGS}


def test_prompts_that_dont_look_alike_stay_as_they_were() -> None:
    assert right(taught(BOOKINGS, TaskType.CLASSIFICATION), FRESH) >= right(LearnedSense(WEIGHTS), FRESH) - 0.02


def test_a_complexity_that_callers_name_is_learned_too() -> None:
    prompt = seen(BOOKINGS[-1])
    assert complexity_of(TaskType.CLASSIFICATION, prompt.text, prompt.words) is not Complexity.HIGH
    sense = taught(BOOKINGS[:10], Complexity.HIGH)
    assert sense.complexity(TaskType.CLASSIFICATION, prompt) == (Complexity.HIGH, True)


def test_without_a_word_of_callers_the_rules_name_the_complexity() -> None:
    sense = LearnedSense(WEIGHTS)
    for one in FRESH:
        prompt = Seen.of(one.text)
        ruled = complexity_of(one.task_type, prompt.text, prompt.words)
        assert sense.complexity(one.task_type, prompt) == (ruled, False)


def test_when_it_isnt_sure_the_rules_decide() -> None:
    sense = LearnedSense(replace(WEIGHTS, sure_from=1.01))
    assert [sense.task_type(Seen.of(one.text)) for one in FRESH] == [(one.ruled, False) for one in FRESH]


@pytest.mark.heavy
def test_ten_thousand_lies_of_one_workflow_spoil_next_to_nothing() -> None:
    chance, sense, prompts = random.Random(7), LearnedSense(WEIGHTS), own_examples()
    for _ in range(10_000):
        sense.learn(Seen.of(chance.choice(prompts).text), [chance.choice(KINDS)], "liar")
    sense.refresh()
    assert right(sense, FRESH) >= right(LearnedSense(WEIGHTS), FRESH) - 0.03


def test_what_was_taught_fades_with_time() -> None:
    sense = taught(BOOKINGS[:10], TaskType.CLASSIFICATION)
    sense.fade(3 * 365 * 86_400.0)
    sense.refresh()
    assert [task_type(sense, one) for one in BOOKINGS] == [task_type(LearnedSense(WEIGHTS), one) for one in BOOKINGS]


def test_what_was_taught_is_known_again_and_has_no_word_in_it() -> None:
    kept = taught(BOOKINGS[:10], TaskType.CLASSIFICATION).packed()
    again = LearnedSense(WEIGHTS, kept)
    assert {task_type(again, prompt) for prompt in BOOKINGS[10:]} == {TaskType.CLASSIFICATION}
    assert b"eleg" not in kept.counts + zlib.decompress(kept.counts)
    assert again.packed() == kept


@pytest.mark.parametrize("counts", [b"", b"no zlib", zlib.compress(b"short"), zlib.compress(bytes([255]) * 394_704)])
def test_counts_that_are_broken_count_for_nothing(counts: bytes) -> None:
    sense = LearnedSense(WEIGHTS, TaughtCounts(VERSION, counts, ()))
    assert right(sense, FRESH) == right(LearnedSense(WEIGHTS), FRESH)


def test_counts_of_another_version_count_for_nothing() -> None:
    kept = replace(taught(BOOKINGS, TaskType.CHAT).packed(), version="0")
    assert LearnedSense(WEIGHTS, kept).packed() == LearnedSense(WEIGHTS).packed()
