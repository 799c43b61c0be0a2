"""How much what callers say counts, and that lies don't spread."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.feedback import SHARE_MAX, Feedback, FeedbackSource, shared_factors, weight_of
from dispatcher.core.logged import LoggedOutcome, shared_labels
from dispatcher.core.reward import HINT, Label
from tests.unit.store.records import a_record

_DAY_S = 86_400.0
_DAILY_MAX = 200
_TWENTIETH = 0.05


def word(score: float, token: str = "n8n", *, weight: float = 1.0, at: float = 0.0) -> Feedback:
    return Feedback(token, FeedbackSource.USER, score, weight, at)


def outcome(number: int, *words: Feedback, model: str = "small") -> LoggedOutcome:
    """An answer that nothing is wrong with."""
    return LoggedOutcome(number, a_record(f"d{number}", model_id=model), words, was_retried=False)


def mean_quality(labels: tuple[Label, ...]) -> float:
    return sum((one.quality or 0.0) * one.weight for one in labels) / sum(one.weight for one in labels)


def test_a_token_is_heard_so_often_a_day_and_then_no_more() -> None:
    assert [weight_of(said, 2) for said in range(4)] == [1.0, 1.0, 0.0, 0.0]


@given(
    st.lists(
        st.builds(word, st.floats(0, 1), st.sampled_from("abc"), weight=st.floats(0, 1), at=st.floats(0, 4 * _DAY_S))
    ),
    st.floats(0, 1000),
)
def test_no_token_rules_what_others_rely_on(given: list[Feedback], evidence: float) -> None:
    factors = shared_factors(given, evidence)
    said: dict[tuple[str, int], float] = {}
    for one in given:
        said[one.token, one.day] = said.get((one.token, one.day), 0.0) + one.weight
    for (token, day), weight in said.items():
        rest = evidence + sum(one.weight for one in given if one.token != token)
        assert 0 <= factors[token, day] <= 1
        assert weight * factors[token, day] <= SHARE_MAX * (rest + weight * factors[token, day]) + 1e-9


def test_ten_thousand_lies_of_a_day_shift_what_others_see_by_no_more_than_a_twentieth() -> None:
    honest = [outcome(number, word(0.9, f"honest {number % 30}")) for number in range(150)]
    silent = [outcome(number) for number in range(10_000)]
    lies = [outcome(said, word(0.0, "liar", weight=weight_of(said, _DAILY_MAX))) for said in range(10_000)]
    before, after = mean_quality(shared_labels([*honest, *silent])), mean_quality(shared_labels([*honest, *lies]))
    assert before - _TWENTIETH <= after < before


def test_lies_change_at_most_a_twentieth_of_others_choices() -> None:
    rng = random.Random(7)
    changed, choices = 0, 400
    for _ in range(choices):
        here, there = rng.random(), rng.random()
        lie = word(float(here < there), "liar", weight=1.0)
        honest = [outcome(n, word(here, f"t{n}")) for n in range(40)]
        swayed = [outcome(n, word(here, f"t{n}"), lie) for n in range(40)]
        other = mean_quality(shared_labels([outcome(n, word(there, f"t{n}")) for n in range(40)]))
        changed += (mean_quality(shared_labels(honest)) > other) != (mean_quality(shared_labels(swayed)) > other)
    assert changed / choices <= _TWENTIETH


def test_at_its_own_node_a_word_counts_in_full() -> None:
    assert outcome(1, word(0.3)).label == Label(1.0, 0.3, 1.0)


def test_where_others_rely_on_it_a_word_is_weighed_against_what_is_known_without_it() -> None:
    labels = shared_labels([*(outcome(number) for number in range(300)), outcome(999, word(0.0))])
    assert labels[0] == Label(1.0, 1.0, HINT)
    assert labels[-1].quality == pytest.approx(HINT / (HINT + 1.0), abs=0.01)
    assert labels[-1].weight == pytest.approx(HINT + 1.0, abs=0.01)
