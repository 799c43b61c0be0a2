"""A job is run again when that may help and there is time."""

import pytest

from dispatcher.errors import (
    DeadlineExceeded,
    DeadlineInfeasible,
    DispatcherError,
    HostUnreachable,
    InvalidAnswer,
    InvalidRequest,
    ModelNotFound,
    NoEligibleModel,
    Overloaded,
    RuntimeFault,
    RuntimeUnreachable,
    ShuttingDown,
    Unsatisfiable,
)
from dispatcher.service.job_retry import again_in_s

AN_HOUR = 3600.0


@pytest.mark.parametrize(
    "error", [NoEligibleModel("x"), HostUnreachable("x"), Overloaded("x"), ShuttingDown("x")], ids=lambda e: e.code
)
def test_what_passes_is_waited_for_ever_longer_until_the_deadline(error: DispatcherError) -> None:
    waits = [again_in_s(error, tries, AN_HOUR) for tries in (0, 1, 2, 3, 4, 5, 99, 10_000)]
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert again_in_s(error, 0, 1.0) is None


@pytest.mark.parametrize("error", [RuntimeFault("x"), RuntimeUnreachable("x")], ids=lambda e: e.code)
def test_a_run_that_fails_is_tried_three_times(error: DispatcherError) -> None:
    assert [again_in_s(error, tries, AN_HOUR) for tries in range(4)] == [1.0, 2.0, None, None]


@pytest.mark.parametrize(
    "error",
    [InvalidRequest("x"), ModelNotFound("x"), Unsatisfiable("x"), InvalidAnswer("x"), DeadlineExceeded("x")],
    ids=lambda e: e.code,
)
def test_what_no_waiting_changes_is_not_tried_again(error: DispatcherError) -> None:
    assert again_in_s(error, 0, AN_HOUR) is None


def test_who_says_when_to_come_back_is_believed_within_reason() -> None:
    assert again_in_s(Overloaded("x", retry_after_s=7.5), 0, AN_HOUR) == 7.5
    assert again_in_s(Overloaded("x", retry_after_s=300.0), 0, AN_HOUR) == 60.0
    assert again_in_s(Overloaded("x", retry_after_s=7.5), 0, 7.0) is None


def test_a_deadline_that_others_make_infeasible_is_waited_for_and_another_is_not() -> None:
    assert again_in_s(DeadlineInfeasible("x", feasible_in_s=60, retry_after_s=5), 9, AN_HOUR) == 30.0
    assert again_in_s(DeadlineInfeasible("x", feasible_in_s=60), 0, AN_HOUR) is None
