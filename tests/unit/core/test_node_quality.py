"""A node's own history beside what its text lets expect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.node_quality import NodeQuality


def test_without_history_the_text_answers() -> None:
    assert NodeQuality().blend("n", ("a", "b"), (0.3, 0.8)) == pytest.approx((0.3, 0.8))


def test_a_node_s_own_outcomes_win_in_the_end() -> None:
    own = NodeQuality()
    for _ in range(400):
        own.learn("n", "a", 1.0)
    assert own.blend("n", ("a",), (0.2,))[0] > 0.9
    assert own.blend("another", ("a",), (0.2,)) == pytest.approx((0.2,))


def test_a_few_outcomes_move_it_a_little() -> None:
    own = NodeQuality()
    own.learn("n", "a", 0.0)
    assert 0.45 < own.blend("n", ("a",), (0.5,))[0] < 0.5


@given(st.lists(st.floats(0, 1), max_size=50), st.floats(0, 1))
def test_what_is_expected_stays_between_0_and_1(seen: list[float], text: float) -> None:
    own = NodeQuality()
    for quality in seen:
        own.learn("n", "a", quality)
    assert 0 <= own.blend("n", ("a",), (text,))[0] <= 1 + 1e-9


def test_new_weights_start_anew() -> None:
    own = NodeQuality()
    own.learn("n", "a", 0.0)
    own.learn("n", "b", 0.0)
    own.forget("a")
    assert own.blend("n", ("a", "b"), (0.5, 0.5))[0] == pytest.approx(0.5)
    assert len(own) == 1


def test_what_was_not_heard_of_for_longest_is_forgotten() -> None:
    own = NodeQuality(keys_max=2)
    for node in ("old", "middle", "new"):
        own.learn(node, "a", 0.0)
    assert own.blend("old", ("a",), (0.5,)) == pytest.approx((0.5,))
    assert len(own) == 2
