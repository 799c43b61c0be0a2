"""A variant stays only when it provably does better, however often one looks."""

import random

import pytest

from dispatcher.core.arms import Arm, chances, drawn
from dispatcher.core.duel import CANARY_ENOUGH, Score, Sums, judge
from dispatcher.core.reward import NOTHING, Label
from dispatcher.core.variants import IN_PLAY, VariantState

CANDIDATE, CANARY, LIVE = VariantState.CANDIDATE, VariantState.CANARY, VariantState.LIVE


def score(count: int, mean: float, seed: int = 1) -> Score:
    """Answers that are right with this chance."""
    rng = random.Random(seed)
    found = Score()
    for _ in range(count):
        is_right = rng.random() < mean
        found = found.plus(Label(1.0, float(is_right), 1.0))
    return found


def test_little_evidence_gives_no_verdict() -> None:
    found = judge(CANARY, score(49, 1.0), score(5000, 0.2))
    assert found.state is CANARY
    assert "not enough evidence" in found.why


def test_a_candidate_that_is_ahead_goes_on_trial_and_not_further() -> None:
    assert judge(CANDIDATE, score(300, 0.9), score(5000, 0.5)).state is CANARY


def test_a_variant_on_trial_goes_live_when_it_is_provably_better() -> None:
    found = judge(CANARY, score(400, 0.8), score(4000, 0.6))
    assert found.state is LIVE
    assert "provably better" in found.why


def test_one_that_is_provably_worse_goes_back_from_wherever_it_is() -> None:
    worse, usual = score(400, 0.4), score(4000, 0.7)
    assert judge(CANDIDATE, worse, usual).state is VariantState.REJECTED
    assert judge(CANARY, worse, usual).state is VariantState.ROLLED_BACK
    assert judge(LIVE, worse, usual).state is VariantState.ROLLED_BACK


def test_one_that_succeeds_less_often_goes_back_whatever_its_answers_are_worth() -> None:
    rich = Score(Sums(400, 400, 400), Sums(400, 320, 320))
    found = judge(CANARY, rich, Score(Sums(4000, 2000, 2000), Sums(4000, 3900, 3900)))
    assert found.state is VariantState.ROLLED_BACK
    assert "success" in found.why


def test_what_never_shows_a_gain_ends_in_time() -> None:
    usual = score(20_000, 0.6)
    assert judge(CANARY, score(CANARY_ENOUGH, 0.6, seed=3), usual).state is VariantState.ROLLED_BACK
    assert judge(CANDIDATE, score(400, 0.57, seed=3), usual).state is VariantState.REJECTED


def test_fifty_times_right_is_not_yet_certain() -> None:
    assert judge(CANARY, score(50, 1.0), score(5000, 0.99)).state is CANARY


def test_what_is_out_of_play_is_not_judged() -> None:
    for state in set(VariantState) - IN_PLAY:
        assert judge(state, score(400, 0.9), score(4000, 0.1)).state is state


def test_what_was_counted_can_be_taken_out_again() -> None:
    bad = Label(0.0, 0.25, 0.5)
    whole = Score().plus(Label(1.0, 0.75, 1.0)).plus(bad)
    assert whole.plus(bad, -1.0) == Score().plus(Label(1.0, 0.75, 1.0))


def test_a_server_that_fails_says_nothing_of_the_answers_but_counts_as_a_failure() -> None:
    found = Score().plus(Label(0.0, None, 0.0)).plus(NOTHING)
    assert (found.reward.weight, found.success.weight, found.success.mean) == (0.0, 1.0, 0.0)


def campaign(gain: float, seed: int, dispatches: int = 12_000) -> tuple[VariantState, float]:
    """Play one variant against the plain prompt, judged whenever it was tried: where it ends, how often it was used."""
    rng = random.Random(seed)
    state, scores, used, chance_of = CANDIDATE, {0: Score(), 1: Score()}, 0, {0: 0.98, 1: 0.02}
    for _ in range(dispatches):
        version = drawn(chance_of, rng.random())
        used += version
        scores[version] = scores[version].plus(Label(1.0, float(rng.random() < 0.6 + gain * version), 1.0))
        if chance_of[version] < 0.5:
            state = judge(state, scores[1], scores[0]).state
            usual, other = (1, 0) if state is LIVE else (0, 1)
            arms = [Arm(other, 0.0, is_canary=state is CANARY)] if state in IN_PLAY else []
            chance_of = dict(chances(usual, arms, 0.02))
    return state, used / dispatches


@pytest.mark.heavy
def test_a_better_one_is_found_and_an_equal_one_rarely_wins() -> None:
    better = [campaign(0.2, seed)[0] for seed in range(20)]
    assert better.count(LIVE) >= 19
    equal = [campaign(0.0, seed) for seed in range(40)]
    assert [state for state, _ in equal].count(LIVE) <= 2
    worse = [campaign(-0.2, seed) for seed in range(20)]
    assert all(state is not LIVE for state, _ in worse)
    assert max(used for _, used in worse) < 0.03
