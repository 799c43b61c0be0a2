"""How much what callers say counts, and that lies don't spread."""

import random

import pytest

from dispatcher.core.feedback import Feedback, FeedbackSource, day_begins_at, weight_of
from dispatcher.core.logged import LoggedOutcome
from dispatcher.core.reward import HINT, Label
from dispatcher.core.shared_evidence import Level, SharedEvidence
from dispatcher.core.task import Complexity, ModelId, TaskType
from tests.unit.store.records import a_record

_DAILY_MAX = 200
_TWENTIETH = 0.05
_DAY_S = 86_400.0


def word(score: float, token: str = "n8n", *, weight: float = 1.0, at: float = 0.0) -> Feedback:
    return Feedback(token, FeedbackSource.USER, score, weight, at)


def outcome(*words: Feedback) -> LoggedOutcome:
    """An answer that nothing is wrong with."""
    return LoggedOutcome(1, a_record("d1"), words, was_retried=False)


def test_a_token_is_heard_so_often_a_day_and_then_no_more() -> None:
    assert [weight_of(said, 2) for said in range(4)] == [1.0, 1.0, 0.0, 0.0]


def test_days_begin_at_midnight_utc() -> None:
    assert (day_begins_at(5 * _DAY_S + 7.0), word(1.0, at=5 * _DAY_S + 7.0).day) == (5 * _DAY_S, 5)


def test_at_its_own_node_a_word_counts_in_full() -> None:
    assert outcome(word(0.3)).label == Label(1.0, 0.3, 1.0)
    assert outcome(word(0.3, weight=0.0)).label == outcome().label


def shared_quality(here: float, lies: int, lie: float) -> float:
    """Mean quality of a model as others see it: forty honest tokens, and one that lies."""
    evidence, level = SharedEvidence(), Level((ModelId("m"), TaskType.CHAT, Complexity.LOW))
    known = [(1.0, HINT)] * 40
    for _ in known:
        evidence.note_hint(level, HINT)
    for number in range(40):
        known.append((here, evidence.admit(level, f"t{number}", 1, 1.0)))
    for said in range(lies):
        known.append((lie, evidence.admit(level, "liar", 1, weight_of(said, _DAILY_MAX))))
    return sum(score * weight for score, weight in known) / sum(weight for _, weight in known)


def test_ten_thousand_lies_shift_what_others_see_by_less_than_a_twentieth() -> None:
    honest = shared_quality(0.9, 0, 0.0)
    assert honest - _TWENTIETH < shared_quality(0.9, 10_000, 0.0) < honest


@pytest.mark.heavy
def test_lies_change_at_most_a_twentieth_of_others_choices() -> None:
    rng, changed, choices = random.Random(7), 0, 400
    for _ in range(choices):
        here, other = rng.random(), shared_quality(rng.random(), 0, 0.0)
        honest = shared_quality(here, 0, 0.0)
        changed += (honest > other) != (shared_quality(here, 300, float(honest < other)) > other)
    assert changed / choices <= _TWENTIETH
