"""How many dispatches at once."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.concurrency import Limit


def after(limit: Limit, rounds: int, took: Callable[[int], float], slots: int = 4) -> Limit:
    """As many rounds of as many at once as it allows, after one that was alone."""
    limit = limit.measured(took(1), 1, slots)
    for _ in range(rounds):
        for _ in range(limit.slots):
            limit = limit.measured(took(limit.slots), limit.slots, slots)
    return limit


def test_a_server_that_shares_fairly_keeps_all_its_slots() -> None:
    assert after(Limit(4), 20, lambda at_once: 0.8 * at_once).slots == 4


def test_a_server_that_queues_inside_is_given_one_at_a_time() -> None:
    def queues(at_once: int) -> float:
        return 1.0 if at_once == 1 else 30.0

    limit = after(Limit(4), 5, queues)
    assert limit.slots == 1


def test_a_server_that_has_recovered_gets_its_slots_back_little_by_little() -> None:
    limit = Limit(1.0, pace=1.0)
    assert after(limit, 3, float).slots == 1
    assert after(limit, 60, float).slots == 4


def test_a_single_slow_one_changes_nothing() -> None:
    limit = Limit(4).measured(1.0, 1, 4)
    assert limit.measured(12.0, 4, 4).slots == 4


def test_slots_that_nobody_uses_are_not_won() -> None:
    limit = Limit(2.0, pace=1.0)
    for _ in range(100):
        limit = limit.measured(1.0, 1, 4)
    assert limit.slots == 2


@given(
    st.integers(1, 8),
    st.lists(st.tuples(st.floats(0, 1e6), st.integers(1, 8))),
)
def test_whatever_is_measured_it_stays_between_one_and_the_slots(slots: int, plan: list[tuple[float, int]]) -> None:
    limit = Limit(float(slots))
    for took, at_once in plan:
        limit = limit.measured(took, min(at_once, slots), slots)
        assert 1 <= limit.slots <= slots
