"""Which prospect is taken."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.decision import RefusalReason
from dispatcher.core.prospects import prospects
from dispatcher.core.selection import rank
from dispatcher.core.task import Complexity, Objective
from tests.unit.core.builders import STEPS, big, quality, resident, situation, spec, wish

WARM_BOTH = (resident("s", "small"), resident("b", "big"))


def chosen(complexity: Complexity, **wishes: object) -> str:
    found, _ = prospects(situation(spec(), big(), complexity=complexity, residents=WARM_BOTH))
    return rank(found, wish(**wishes)).options[0].model_id


def test_hard_work_goes_to_the_better_model_and_quick_work_to_the_quicker() -> None:
    assert chosen(Complexity.HIGH, objective=Objective.BEST) == "big"
    assert chosen(Complexity.LOW, objective=Objective.FASTEST) == "small"


def test_balanced_pays_time_for_quality_only_where_quality_is_gained() -> None:
    assert chosen(Complexity.HIGH) == "big"
    alike = (spec(quality=quality(0.9)), big(quality=quality(0.91)))
    found, _ = prospects(situation(*alike, residents=WARM_BOTH))
    assert rank(found, wish()).options[0].model_id == "small"


def test_the_cheapest_is_the_one_that_takes_less_memory_and_time() -> None:
    assert chosen(Complexity.HIGH, objective=Objective.CHEAPEST) == "small"


def test_who_cannot_keep_the_deadline_is_refused_and_told_how_long_it_would_need() -> None:
    found, _ = prospects(situation(spec(), big(), complexity=Complexity.HIGH))
    ranking = rank(found, wish(timeout_s=12.0))
    assert [option.model_id for option in ranking.options] == ["small"]
    (no,) = ranking.refused
    assert (no.model_id, no.reason) == ("big", RefusalReason.DEADLINE)
    assert "requirements.timeout" in no.message
    assert ranking.feasible_s is None


def test_when_nobody_can_keep_the_deadline_the_shortest_feasible_one_is_told() -> None:
    found, _ = prospects(situation(spec(), big()))
    ranking = rank(found, wish(timeout_s=0.1))
    assert not ranking.options
    assert ranking.feasible_s is not None
    # One millisecond beyond it, there is an option.
    assert rank(found, wish(timeout_s=ranking.feasible_s + 0.001)).options


def test_best_effort_takes_the_likeliest_when_nobody_is_likely_to_be_in_time() -> None:
    found, _ = prospects(situation(spec(), big(), complexity=Complexity.HIGH))
    ranking = rank(found, wish(timeout_s=1.0, is_best_effort=True))
    chances = [option.chance_in_time for option in ranking.options]
    assert len(chances) == 2
    assert chances == sorted(chances, reverse=True)
    assert rank(found, wish(is_best_effort=True)) == rank(found, wish())


def test_asking_again_is_advised_only_where_waiting_for_others_is_what_takes_too_long() -> None:
    busy, _ = prospects(situation(spec(), residents=(resident("s", "small", queue_s=600.0, drain_s=600.0),)))
    alone_s = busy[0].forecast.run.p90 * 2
    again_in_s = rank(busy, wish(timeout_s=alone_s)).again_in_s
    assert again_in_s is not None
    assert again_in_s > 300
    idle, _ = prospects(situation(spec(), residents=(resident("s", "small"),)))
    assert rank(idle, wish(timeout_s=0.01)).again_in_s is None


def test_a_minimum_quality_and_a_maximum_cost_are_kept() -> None:
    found, _ = prospects(situation(spec(), big(), complexity=Complexity.HIGH))
    assert [option.model_id for option in rank(found, wish(min_quality=0.5)).options] == ["big"]
    dear = max(prospect.forecast.cost_usd for prospect in found)
    assert [option.model_id for option in rank(found, wish(max_cost_usd=dear * 0.9)).options] == ["small"]


def test_an_eviction_that_will_be_regretted_counts_against_a_choice() -> None:
    alike = (spec("a"), spec("b"))
    there = (resident("r", "a", footprint_mib=3900, uses_per_s=1.0, reload_s=60.0),)
    found, _ = prospects(situation(*alike, residents=there, budget_mib=4000))
    options = rank(found, wish(objective=Objective.FASTEST)).options
    assert options[0].model_id == "a"
    assert next(option for option in options if option.model_id == "b").terms.eviction < 0


@given(st.randoms(use_true_random=False), st.sampled_from(STEPS), st.sampled_from(Objective), st.floats(1, 600))
def test_the_order_of_the_candidates_does_not_matter(
    order: random.Random, complexity: Complexity, objective: Objective, timeout_s: float
) -> None:
    models = [spec("a"), big("b"), spec("c", quality=quality(0.5)), big("d", load_s=2.0), spec("e", load_s=9.0)]
    shuffled = order.sample(models, len(models))
    asked = wish(objective=objective, timeout_s=timeout_s)
    one, _ = prospects(situation(*models, complexity=complexity))
    two, _ = prospects(situation(*shuffled, complexity=complexity))
    assert rank(one, asked).options == rank(two, asked).options


@given(st.sampled_from(STEPS), st.sampled_from(Objective), st.floats(0.5, 600))
def test_utility_is_the_sum_of_its_terms_and_falls_down_the_ranking(
    complexity: Complexity, objective: Objective, timeout_s: float
) -> None:
    found, _ = prospects(situation(spec(), big(), complexity=complexity))
    options = rank(found, wish(objective=objective, timeout_s=timeout_s)).options
    for option in options:
        terms = option.terms
        assert option.utility == pytest.approx(terms.quality + terms.time + terms.cost + terms.eviction)
        assert option.chance_in_time >= 0.7
    utilities = [option.utility for option in options]
    assert utilities == sorted(utilities, reverse=True)
