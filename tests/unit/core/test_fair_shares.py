"""Workflows beside one that floods a model: who goes first, and what a newcomer is told to wait for."""

from dispatcher.core.task import ModelId
from dispatcher.core.waiting import Waiter, ahead_of, first

RUN_S = 2.0


def waiter(ticket: int, share: str, *, arrived_s: float = 0.0, patience_s: float = 600.0, priority: int = 0) -> Waiter:
    return Waiter(ticket, ModelId("m"), share, priority, arrived_s, arrived_s + patience_s, RUN_S)


def flood(count: int, patience_s: float = 600.0) -> list[Waiter]:
    return [waiter(ticket, "flood", patience_s=patience_s) for ticket in range(count)]


def test_a_flood_that_is_late_with_everything_keeps_nobody_waiting() -> None:
    late, quiet = flood(20, patience_s=4.0), waiter(99, "quiet")
    assert first([*late, quiet], {"flood": 100.0, "quiet": 1.0}, now_s=1.0) == quiet


def test_what_is_urgent_goes_first_while_that_keeps_nobody_waiting_for_long() -> None:
    late, quiet = flood(20, patience_s=4.0), waiter(99, "quiet", arrived_s=1.0)
    assert first([*late, quiet], {"flood": 100.0, "quiet": 1.0}, now_s=1.0) == late[0]


def test_of_two_that_had_about_the_same_the_urgent_one_goes_first() -> None:
    urgent, other = waiter(0, "a", patience_s=3.0), waiter(1, "b")
    assert first([urgent, other], {"a": 51.0, "b": 50.0}, now_s=1.0) == urgent


def test_a_workflow_alone_keeps_its_deadlines_in_order() -> None:
    later, sooner = waiter(0, "flood", patience_s=60.0), waiter(1, "flood", patience_s=3.0)
    assert first([later, sooner], {"flood": 100.0}, now_s=1.0) == sooner


def test_a_newcomer_does_not_wait_for_a_workflow_that_has_had_more() -> None:
    ahead = ahead_of(waiter(99, "quiet"), flood(20), {"flood": 100.0, "quiet": 1.0}, now_s=0.0)
    assert (ahead.count, ahead.work_s) == (0, 0)


def test_a_newcomer_of_the_flood_waits_for_all_of_it_and_for_the_others() -> None:
    quiet = waiter(99, "quiet")
    ahead = ahead_of(waiter(100, "flood"), [*flood(20), quiet], {"flood": 100.0, "quiet": 1.0}, now_s=0.0)
    assert (ahead.count, ahead.work_s) == (21, 21 * RUN_S)


def test_of_a_workflow_that_has_had_as_much_a_newcomer_waits_for_as_much_as_of_its_own() -> None:
    own = [waiter(30 + number, "quiet") for number in range(3)]
    ahead = ahead_of(waiter(99, "quiet"), [*flood(20), *own], {"flood": 50.0, "quiet": 50.0}, now_s=0.0)
    assert (ahead.count, ahead.work_s) == (6, 6 * RUN_S)


def test_a_higher_class_is_waited_for_whoever_it_is_of_and_a_lower_one_is_not() -> None:
    others = [waiter(1, "flood", priority=50), waiter(2, "quiet", priority=-50)]
    ahead = ahead_of(waiter(99, "quiet"), others, {"flood": 100.0}, now_s=0.0)
    assert (ahead.count, ahead.work_s) == (1, RUN_S)


def test_one_that_cannot_be_in_time_any_more_takes_no_slot_from_one_that_can() -> None:
    lost, other = waiter(0, "flood", patience_s=2.5), waiter(1, "flood")
    assert first([lost, other], {}, now_s=1.0) == other
    assert first([lost], {}, now_s=1.0) == lost


def test_a_newcomer_who_is_in_more_of_a_hurry_goes_before_those_who_can_wait() -> None:
    assert ahead_of(waiter(99, "flood", patience_s=10.0), flood(20), {}, now_s=0.0).count == 0


def test_a_newcomer_stands_behind_those_who_would_be_late_if_it_went_before_them() -> None:
    tight = flood(20, patience_s=20 * RUN_S)
    assert ahead_of(waiter(99, "flood", patience_s=10.0), tight, {}, now_s=0.0).count == 20
    assert ahead_of(waiter(99, "flood", patience_s=10.0), tight, {}, now_s=0.0, servers=2).count == 0
