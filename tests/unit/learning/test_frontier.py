"""Quality for money, on numbers that can be checked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.learning.frontier import aiq, differences, hull, play

_COST = np.tile([1.0, 10.0], (100, 1))


def _quality(seed: int) -> np.ndarray:
    """The cheap model is right on the first half of the prompts; the dear one on all."""
    right = np.ones((100, 2))
    right[50:, 0] = 0
    return right[np.random.default_rng(seed).permutation(100)]


def test_paying_more_for_less_is_left_out_and_mixing_is_allowed() -> None:
    edge = hull(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.2, 0.3, 0.8, 0.5]))
    assert edge.tolist() == [[1.0, 0.2], [3.0, 0.8]]


@given(st.lists(st.tuples(st.floats(0.01, 10), st.floats(0, 1)), min_size=1, max_size=30))
def test_no_point_lies_above_the_hull(points: list[tuple[float, float]]) -> None:
    cost, quality = np.array(points).T
    edge = hull(cost, quality)
    above = np.interp(cost, edge[:, 0], edge[:, 1], left=2.0)
    assert (quality <= above + 1e-9).all()


def test_the_mean_over_costs_is_the_area_under_the_hull() -> None:
    assert aiq(np.array([[0.0, 0.0], [1.0, 1.0]]), 0.0, 1.0) == pytest.approx(0.5)


def test_who_knows_each_outcome_keeps_all_quality_at_half_the_cost() -> None:
    quality = _quality(0)
    found = play(quality, _COST, quality, _COST).summary()
    assert found.quality_max == pytest.approx(1.0)
    assert found.saved_at_99 == pytest.approx(1 - 5.5 / 10, abs=0.02)


def test_who_knows_nothing_gets_the_line_between_the_models() -> None:
    quality = _quality(0)
    flat = np.tile(quality.mean(0), (100, 1))
    assert play(flat, _COST, quality, _COST).summary().aiq == pytest.approx(0.75, abs=0.01)


def test_knowing_more_is_a_sure_gain() -> None:
    quality = _quality(0)
    flat = np.tile(quality.mean(0), (100, 1))
    apart = differences(play(quality, _COST, quality, _COST), play(flat, _COST, quality, _COST), 50, 0)
    assert apart.mean() > 3 * apart.std()
