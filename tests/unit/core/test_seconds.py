"""Durations that aren't known yet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.decision import Seconds
from dispatcher.core.seconds import NONE, chance_within, percentile, sure, total

durations = st.builds(lambda p50, factor: Seconds(p50, p50 * factor), st.floats(0.01, 1000), st.floats(1.1, 5))


def test_the_p90_is_kept_nine_times_in_ten() -> None:
    assert chance_within(Seconds(10, 20), 20) == pytest.approx(0.9, abs=1e-6)
    assert chance_within(Seconds(10, 20), 10) == pytest.approx(0.5)


def test_no_time_is_never_enough_and_nothing_takes_no_time() -> None:
    assert chance_within(Seconds(1, 2), 0) == 0
    assert chance_within(NONE, 0.001) == 1


@given(durations, st.floats(0.05, 0.95))
def test_the_percentile_is_the_inverse_of_the_chance(duration: Seconds, chance: float) -> None:
    assert chance_within(duration, percentile(duration, chance)) == pytest.approx(chance, abs=1e-6)


@given(durations, st.floats(0.01, 1000), st.floats(1, 10))
def test_more_time_is_never_less_likely_enough(duration: Seconds, limit_s: float, factor: float) -> None:
    assert chance_within(duration, limit_s * factor) >= chance_within(duration, limit_s)


@given(durations, durations)
def test_a_sum_is_the_same_in_any_order_and_spreads_less_than_its_parts(first: Seconds, second: Seconds) -> None:
    both = total(first, second)
    assert both == total(second, first)
    assert both.p50 == pytest.approx(first.p50 + second.p50)
    assert both.p90 <= first.p90 + second.p90 + 1e-9


def test_a_known_wait_only_moves_the_median() -> None:
    assert total(sure(5), Seconds(10, 15)) == Seconds(15, 20)
