"""Who of those who wait goes first."""

import random

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.waiting import Waiter, first
from tests.unit.core.builders import waiter

waiters = st.lists(
    st.builds(
        lambda share, priority, arrived_s, patience_s, run_s: (share, priority, arrived_s, patience_s, run_s),
        st.sampled_from(["a", "b", "c"]),
        st.integers(-100, 100),
        st.floats(0, 100),
        st.floats(1, 600),
        st.floats(0.1, 60),
    ),
    max_size=12,
).map(
    lambda rows: [
        waiter(
            ticket, share=share, priority=priority, arrived_s=arrived_s, deadline_s=arrived_s + patience_s, run_s=run_s
        )
        for ticket, (share, priority, arrived_s, patience_s, run_s) in enumerate(rows)
    ]
)


def order(waiting: list[Waiter], now_s: float = 0.0) -> list[int]:
    """The tickets in the order in which they are served, by a model that has all the time in the world."""
    left, served_s, tickets = list(waiting), dict[str, float](), list[int]()
    while (chosen := first(left, served_s, now_s)) is not None:
        left.remove(chosen)
        served_s[chosen.share] = served_s.get(chosen.share, 0.0) + chosen.run_s
        tickets.append(chosen.ticket)
    return tickets


def test_nobody_is_first_where_nobody_waits() -> None:
    assert first([], {}, 0.0) is None


@given(waiters, st.randoms(use_true_random=False))
def test_who_goes_first_does_not_depend_on_the_order_of_the_list(waiting: list[Waiter], rng: random.Random) -> None:
    mixed = list(waiting)
    rng.shuffle(mixed)
    assert first(mixed, {"a": 5.0}, 100.0) == first(waiting, {"a": 5.0}, 100.0)


def test_those_who_are_alike_are_served_in_order_of_arrival() -> None:
    assert order([waiter(ticket) for ticket in (2, 0, 1)]) == [0, 1, 2]


def test_a_higher_class_goes_before_an_earlier_deadline() -> None:
    assert order([waiter(0, deadline_s=100), waiter(1, priority=20)]) == [1, 0]


def test_within_a_class_the_earlier_deadline_goes_first() -> None:
    assert order([waiter(0, deadline_s=500), waiter(1, deadline_s=100)]) == [1, 0]


def test_workflows_take_turns_however_many_items_one_of_them_sends() -> None:
    many = [waiter(ticket, share="many") for ticket in range(6)]
    few = [waiter(ticket, share="few") for ticket in range(6, 8)]
    assert order([*many, *few])[:4] in ([0, 6, 1, 7], [6, 0, 7, 1])


def test_one_that_must_start_now_goes_before_a_share_that_has_had_less() -> None:
    late = waiter(0, share="much", deadline_s=4.0)
    assert first([waiter(1, share="little"), late], {"much": 100.0}, 0.0) == late


def test_waiting_lifts_the_lowest_class_over_the_highest_in_the_end() -> None:
    old = waiter(0, priority=-100, deadline_s=1e6)
    for now_s in range(0, 3600, 60):
        newest = waiter(1, priority=100, arrived_s=now_s, deadline_s=now_s + 30.0)
        if first([old, newest], {}, now_s) == old:
            return
    raise AssertionError("it waited for an hour")
