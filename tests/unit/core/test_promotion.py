"""A new ranker goes live step by step, and only when it provably does better."""

import random
from dataclasses import replace

from dispatcher.core.evidence import Evidence, Guardrail, Shadow, Tally, radius
from dispatcher.core.promotion import Stage, after_canary, after_evaluation, after_probation, after_shadow

GOOD = Evidence(
    dispatches=1000, effective=900.0, unsupported=0.02, clipped=0.0, snips=0.7, utility=0.6, gain=0.05, gain_low95=0.02
)


def tally(values: list[float]) -> Tally:
    found = Tally()
    for value in values:
        found = found.plus(value)
    return found


def draws(count: int, mean: float, seed: int) -> list[float]:
    rng = random.Random(seed)
    return [rng.gauss(mean, 0.2) for _ in range(count)]


def test_a_ranker_that_is_provably_better_on_the_log_is_watched_next() -> None:
    assert after_evaluation(GOOD).stage is Stage.SHADOW


def test_too_small_an_effective_sample_is_said_and_no_verdict() -> None:
    verdict = after_evaluation(replace(GOOD, effective=150.0))
    assert verdict.stage is Stage.CANDIDATE
    assert "not enough evidence" in verdict.why
    assert "150" in verdict.why


def test_choices_the_log_never_tried_are_no_evidence() -> None:
    assert after_evaluation(replace(GOOD, unsupported=0.3)).stage is Stage.CANDIDATE


def test_a_gain_that_may_be_chance_is_rejected() -> None:
    verdict = after_evaluation(replace(GOOD, gain_low95=-0.001))
    assert verdict.stage is Stage.REJECTED
    assert "not provably better" in verdict.why


def test_a_broken_guardrail_rejects_whatever_the_gain() -> None:
    success = Guardrail("success", before=0.97, after=0.93, tolerance=0.01, is_good=True)
    evictions = Guardrail("evictions", before=0.02, after=0.025, tolerance=0.01, is_good=False)
    assert after_evaluation(replace(GOOD, guardrails=(evictions,))).stage is Stage.SHADOW
    verdict = after_evaluation(replace(GOOD, guardrails=(evictions, success)))
    assert verdict.stage is Stage.REJECTED
    assert "success" in verdict.why


def test_a_shadow_goes_on_trial_only_when_it_foretells_no_worse() -> None:
    watched = Shadow(120, error=0.10, live_error=0.10)
    assert after_shadow(watched).stage is Stage.CANARY
    assert after_shadow(replace(watched, dispatches=20)).stage is Stage.SHADOW
    assert after_shadow(replace(watched, error=0.2)).stage is Stage.REJECTED


def test_a_canary_that_does_worse_is_rolled_back() -> None:
    verdict = after_canary(tally(draws(200, 0.3, 1)), tally(draws(2000, 0.6, 2)))
    assert verdict.stage is Stage.ROLLED_BACK


def test_a_canary_that_does_as_well_goes_live_in_the_end() -> None:
    assert after_canary(tally(draws(500, 0.6, 1)), tally(draws(4000, 0.6, 2))).stage is Stage.LIVE


def test_a_better_canary_goes_live_sooner_than_an_equal_one() -> None:
    live = tally(draws(900, 0.4, 2))
    assert after_canary(tally(draws(100, 0.7, 1)), live).stage is Stage.LIVE
    assert after_canary(tally(draws(100, 0.4, 1)), live).stage is Stage.CANARY


def test_a_live_ranker_that_turns_out_worse_is_rolled_back() -> None:
    assert after_probation(tally(draws(900, 0.3, 1)), tally(draws(100, 0.6, 2))).stage is Stage.ROLLED_BACK
    assert after_probation(tally(draws(450, 0.6, 1)), tally(draws(50, 0.6, 2))).stage is Stage.LIVE
    assert after_probation(tally(draws(900, 0.6, 1)), tally(draws(100, 0.6, 2))).stage is Stage.RETIRED


def test_looking_after_every_dispatch_seldom_condemns_an_equal_ranker() -> None:
    condemned = 0
    for seed in range(100):
        canary, live = Tally(), Tally()
        for mine, theirs in zip(draws(400, 0.5, seed), draws(400, 0.5, seed + 1000), strict=True):
            canary, live = canary.plus(mine), live.plus(theirs)
            if after_canary(canary, live).stage is Stage.ROLLED_BACK and canary.dispatches < 400:
                condemned += 1
                break
    assert condemned <= 5


def test_a_confidence_sequence_narrows_with_what_is_known() -> None:
    few, many = tally(draws(50, 0.5, 1)), tally(draws(5000, 0.5, 1))
    assert radius(many) < radius(few) / 3
