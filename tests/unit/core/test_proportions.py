"""What may be better is tried where it tells most."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.arms import CANARY_SHARE, Arm, chances, drawn
from dispatcher.core.proportions import proportions

MEANS = st.lists(st.floats(0, 1), min_size=1, max_size=6)
ARMS = st.lists(
    st.builds(Arm, st.integers(1, 5), st.floats(-1, 1), st.booleans()), max_size=5, unique_by=lambda a: a.version
)


@given(MEANS, st.floats(0, 1))
def test_proportions_add_up_and_leave_nobody_out(means: list[float], deviation: float) -> None:
    found = proportions(means, deviation)
    assert sum(found) == pytest.approx(1.0)
    assert all(part > 0.04 / len(means) for part in found)


def test_two_arms_are_tried_alike() -> None:
    assert proportions([0.4, 0.6], 0.4) == pytest.approx((0.5, 0.5))


def test_an_arm_that_is_clearly_worse_is_tried_less_than_one_that_may_be_the_best() -> None:
    best, near, far = proportions([0.8, 0.75, 0.3], 0.4)
    assert best >= near > 3 * far


def test_the_optimal_proportions_make_each_comparison_equally_sure() -> None:
    means = [0.9, 0.7, 0.5, 0.2]
    parts = [(part - 0.25 / 4) / 0.75 for part in proportions(means, 0.4)]
    costs = [
        (0.9 - mean) ** 2 * parts[0] * part / (parts[0] + part) for mean, part in zip(means[1:], parts[1:], strict=True)
    ]
    assert costs == pytest.approx([costs[0]] * 3, rel=1e-6)


@given(ARMS, st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_chances_add_up_and_exploration_keeps_to_its_share(arms: list[Arm], share: float, draw: float) -> None:
    canaries = [arm for arm in arms if arm.is_canary][:1]
    tried = [arm for arm in arms if not arm.is_canary]
    chance_of = chances(0, canaries + tried, share)
    assert sum(chance_of.values()) == pytest.approx(1.0)
    assert sum(chance_of.get(arm.version, 0.0) for arm in tried) <= share + 1e-9
    assert all(chance_of.get(arm.version, CANARY_SHARE) == CANARY_SHARE for arm in canaries)
    assert chance_of[0] >= 0.4 - 1e-9
    assert drawn(chance_of, draw) in chance_of


def test_without_exploration_nothing_is_tried_not_even_what_is_on_trial() -> None:
    assert chances(2, [Arm(1, 0.5, is_canary=True), Arm(0, 0.5, is_canary=False)], 0.0) == {2: 1.0}


def test_each_version_is_drawn_as_often_as_its_chance_says() -> None:
    chance_of = {0: 0.7, 1: 0.2, 2: 0.1}
    found = [drawn(chance_of, step / 1000) for step in range(1000)]
    assert [found.count(version) for version in chance_of] == pytest.approx([700, 200, 100], abs=1)
