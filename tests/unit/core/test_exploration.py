"""When another option than the best is taken, and at what odds."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.exploration import Contender, Exploration, Explorer


def _contender(
    model_id: str, utility: float, doubt: float = 0.05, tries: float = 100.0, *, is_safe: bool = True
) -> Contender:
    return Contender(model_id, utility, doubt, tries, is_safe)


_KNOWN = (_contender("a", 0.8), _contender("b", 0.79), _contender("c", 0.3))
_WITH_STRANGER = (*_KNOWN, _contender("new", 0.25, doubt=1.5, tries=0.0))


@st.composite
def _ranked(draw: st.DrawFn) -> tuple[Contender, ...]:
    found = draw(
        st.lists(
            st.builds(
                Contender,
                st.sampled_from("abcdef"),
                st.floats(-1, 1),
                st.floats(0, 0.5),
                st.floats(0, 100),
                st.booleans(),
            ),
            min_size=1,
            max_size=8,
        )
    )
    return tuple(sorted(found, key=lambda one: -one.utility))


@given(_ranked(), st.floats(0, 1), st.integers(0, 30))
def test_the_odds_are_a_distribution_that_never_names_the_unsafe(
    contenders: Sequence[Contender], share: float, before: int
) -> None:
    explorer = Explorer(Exploration(share=share))
    for _ in range(before):
        explorer.pick(contenders, random.Random(before))
    odds = explorer.chances(contenders)
    assert sum(odds) == pytest.approx(1.0)
    assert min(odds) >= -1e-12
    assert all(chance == 0.0 or one.is_safe for one, chance in list(zip(contenders, odds, strict=True))[1:])


@pytest.mark.parametrize("contenders", [_KNOWN, _WITH_STRANGER])
def test_picks_come_as_often_as_their_propensity_says(contenders: tuple[Contender, ...]) -> None:
    draws, seen, said = 40_000, Counter[int](), dict[int, float]()
    rng = random.Random(1)
    for _ in range(draws):
        pick = Explorer(Exploration(share=0.2)).pick(contenders, rng)
        seen[pick.index] += 1
        said[pick.index] = pick.propensity
    for index, propensity in said.items():
        assert seen[index] / draws == pytest.approx(propensity, abs=4 * (propensity * (1 - propensity) / draws) ** 0.5)
    assert sum(said.values()) == pytest.approx(1.0, abs=0.01)


def test_the_propensity_is_that_of_the_state_before_the_pick() -> None:
    explorer, rng = Explorer(Exploration()), random.Random(3)
    for _ in range(300):
        odds = explorer.chances(_WITH_STRANGER)
        pick = explorer.pick(_WITH_STRANGER, rng)
        assert pick.propensity == odds[pick.index]


def test_odds_follow_inverse_gap_weighting_below_the_share() -> None:
    explorer = Explorer(Exploration(share=1.0, hope=0.0, gap_weight=50.0))
    unsure = tuple(replace(one, doubt=0.1) for one in _KNOWN)
    assert explorer.chances(unsure)[1:] == pytest.approx((1 / (3 + 50 * 0.01), 1 / (3 + 50 * 0.5)))


def test_the_surer_the_gap_the_less_is_left_to_chance() -> None:
    odds = [
        Explorer(Exploration(share=1.0)).chances((_contender("a", 0.8, doubt), _contender("b", 0.6, doubt)))[1]
        for doubt in (0.2, 0.05, 0.01)
    ]
    assert odds[0] > 2 * odds[1] > 4 * odds[2] > 0.0


def test_no_more_than_its_share_is_spent_once_models_are_known() -> None:
    explorer, rng, dispatches = Explorer(Exploration(share=0.02)), random.Random(5), 20_000
    explored = sum(explorer.pick(_KNOWN, rng).explored for _ in range(dispatches))
    assert 0.01 < explored / dispatches < 0.023


def test_what_was_not_spent_where_all_is_clear_is_spent_where_it_is_not() -> None:
    clear = (_contender("a", 0.9, doubt=0.01), _contender("b", 0.1, doubt=0.01))
    close = (_contender("a", 0.9), _contender("b", 0.899))
    explorer = Explorer(Exploration(share=0.02))
    first = explorer.chances(close)[1]
    for _ in range(100):
        explorer.pick(clear, random.Random(0))
    assert explorer.chances(close)[1] > 10 * first


def test_a_stranger_is_tried_about_fifteen_times_and_no_more() -> None:
    explorer, rng = Explorer(Exploration(share=1e-9)), random.Random(7)
    assert sum(explorer.pick(_WITH_STRANGER, rng).explored for _ in range(5_000)) == 15


def test_a_stranger_that_can_hardly_be_the_best_is_not_tried() -> None:
    hopeless = (*_KNOWN, _contender("new", 0.1, doubt=0.1, tries=0.0))
    assert Explorer(Exploration(share=1e-9)).chances(hopeless)[3] < 1e-9


def test_new_weights_may_be_tried_anew() -> None:
    explorer = Explorer(Exploration(share=1e-9), {"new": 15})
    assert explorer.chances(_WITH_STRANGER)[3] < 1e-6
    explorer.reset("new")
    assert explorer.chances(_WITH_STRANGER)[3] == pytest.approx(0.05)


def test_switched_off_it_takes_the_best_for_sure() -> None:
    off, asked_not_to = Explorer(Exploration(share=0.0)), Explorer(Exploration(share=1.0))
    for explorer, may_explore in ((off, True), (asked_not_to, False)):
        pick = explorer.pick(_WITH_STRANGER, random.Random(0), may_explore=may_explore)
        assert (pick.index, pick.propensity, pick.explored) == (0, 1.0, False)


def test_what_would_break_a_promise_is_never_tried() -> None:
    unsafe = tuple(replace(one, is_safe=False) for one in _WITH_STRANGER)
    assert Explorer(Exploration(share=1.0)).chances(unsafe) == (1.0, 0.0, 0.0, 0.0)


def test_another_way_of_running_the_best_model_is_no_exploration() -> None:
    twice = (_contender("a", 0.8), _contender("a", 0.8))
    assert Explorer(Exploration(share=1.0)).chances(twice) == (1.0, 0.0)
