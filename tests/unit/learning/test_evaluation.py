"""What the log says of a ranker that wasn't asked."""

import random

import pytest

from dispatcher.core.promotion import Stage, after_evaluation
from dispatcher.learning.evaluation import Result, Trial, evaluate

ARMS = (0.4, 0.7)  # mean utility of the two models there are


def log(count: int, explore: float, seed: int, *, new_arm: int, misjudged: float = 0.0) -> list[Trial]:
    """A log that took the first model, or the second with a chance of `explore`; the new ranker takes `new_arm`."""
    rng = random.Random(seed)
    trials = []
    for _ in range(count):
        arm = int(rng.random() < explore)
        expected = [0.4 + misjudged, 0.7 - misjudged]
        trials.append(
            Trial(
                propensity=explore if arm else 1 - explore,
                agrees=arm == new_arm,
                is_supported=explore > 0,
                got=result(rng.gauss(ARMS[arm], 0.1)),
                expected=result(expected[arm]),
                expected_new=result(expected[new_arm]),
            )
        )
    return trials


def result(utility: float) -> Result:
    return Result(utility=utility, success=1.0, late=0.0, evicts=0.0)


def test_a_better_choice_is_found_out_from_little_exploration() -> None:
    evidence = evaluate(log(8000, 0.1, 1, new_arm=1), seed=0)
    truth = ARMS[1] - (0.9 * ARMS[0] + 0.1 * ARMS[1])
    assert evidence.gain == pytest.approx(truth, abs=0.02)
    assert evidence.snips == pytest.approx(ARMS[1], abs=0.02)
    assert after_evaluation(evidence).stage is Stage.SHADOW


def test_the_estimate_holds_when_what_was_expected_is_wrong() -> None:
    evidence = evaluate(log(20_000, 0.1, 2, new_arm=1, misjudged=0.25), seed=0)
    assert evidence.gain == pytest.approx(0.27, abs=0.03)


def test_a_ranker_that_changes_nothing_gains_nothing() -> None:
    evidence = evaluate(log(3000, 0.02, 3, new_arm=0), seed=0)
    assert after_evaluation(evidence).stage is Stage.REJECTED
    assert abs(evidence.gain) < 0.02


def test_a_choice_the_log_never_made_is_no_gain_however_good_it_is_thought() -> None:
    evidence = evaluate(log(1000, 0.0, 4, new_arm=1), seed=0)
    assert evidence.gain == 0.0
    assert evidence.unsupported == 1.0


def test_ten_dispatches_are_never_enough() -> None:
    verdict = after_evaluation(evaluate(log(10, 0.5, 5, new_arm=1), seed=0))
    assert verdict.stage is Stage.CANDIDATE
    assert "not enough evidence" in verdict.why


def test_an_empty_log_is_not_enough_evidence() -> None:
    assert after_evaluation(evaluate([], seed=0)).stage is Stage.CANDIDATE


def test_rare_choices_weigh_at_most_twenty_and_what_is_cut_is_said() -> None:
    evidence = evaluate(log(4000, 0.01, 6, new_arm=1), seed=0)
    assert evidence.clipped == pytest.approx(0.8, abs=0.01)


def test_the_same_log_and_seed_give_the_same_evidence() -> None:
    trials = log(500, 0.1, 7, new_arm=1)
    assert evaluate(trials, seed=3) == evaluate(trials, seed=3)


def test_fewer_successes_show_in_the_guardrail() -> None:
    worse = [
        Trial(one.propensity, one.agrees, True, one.got, one.expected, Result(0.7, 0.8, 0.0, 0.0))
        if not one.agrees
        else Trial(
            one.propensity,
            True,
            True,
            Result(0.9, 0.8, 0.0, 0.0),
            Result(0.7, 0.8, 0.0, 0.0),
            Result(0.7, 0.8, 0.0, 0.0),
        )
        for one in log(4000, 0.1, 8, new_arm=1)
    ]
    assert after_evaluation(evaluate(worse, seed=0)).stage is Stage.REJECTED
