"""When a replica is left alone."""

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.breaker import FAULTS_MAX, Breaker, BreakerState


def failed(breaker: Breaker, times: int, now_s: float = 0.0) -> Breaker:
    for _ in range(times):
        breaker = breaker.failed(now_s)
    return breaker


def test_four_faults_in_a_row_are_borne_and_the_fifth_ejects() -> None:
    assert failed(Breaker(), 4).state(0) is BreakerState.CLOSED
    assert failed(Breaker(), 5).state(0) is BreakerState.EJECTED


def test_faults_with_an_answer_between_them_never_eject() -> None:
    breaker = Breaker()
    for _ in range(20):
        breaker = failed(breaker, 4).answered()
    assert breaker.state(0) is BreakerState.CLOSED


def test_after_its_time_it_is_tried_and_an_answer_closes_it() -> None:
    breaker = failed(Breaker(), 5)
    assert breaker.state(29.9) is BreakerState.EJECTED
    assert breaker.state(30) is BreakerState.PROBING
    assert breaker.answered().state(30) is BreakerState.CLOSED


def test_each_failed_probe_ejects_for_longer_up_to_five_minutes() -> None:
    breaker, now_s = failed(Breaker(), 5), 0.0
    lasted = []
    for _ in range(12):
        lasted.append(breaker.until_s - now_s)
        now_s = breaker.until_s
        breaker = breaker.failed(now_s)
    assert lasted == [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]


def test_faults_of_dispatches_that_ran_already_do_not_lengthen_an_ejection() -> None:
    assert failed(failed(Breaker(), 5), 10, now_s=20).until_s == 30


def test_ejections_are_forgotten_after_five_good_minutes() -> None:
    breaker = failed(Breaker(), 5).answered()
    assert failed(breaker, 5, now_s=329).ejections == 2
    assert failed(breaker, 5, now_s=330).ejections == 1


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100))))
def test_it_is_ejected_only_after_five_faults_in_a_row_and_never_for_longer_than_five_minutes(
    plan: list[tuple[bool, float]],
) -> None:
    breaker, now_s, row = Breaker(), 0.0, 0
    for is_fault, passed_s in plan:
        now_s += passed_s
        breaker = breaker.failed(now_s) if is_fault else breaker.answered()
        row = row + 1 if is_fault else 0
        assert breaker.faults == row
        assert breaker.is_tripped == (row >= FAULTS_MAX)
        assert breaker.until_s - now_s <= 300
