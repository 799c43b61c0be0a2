"""Whether a job whose run failed is run again, and when."""

from dispatcher.errors import (
    DeadlineExceeded,
    DeadlineInfeasible,
    DispatcherError,
    HostUnreachable,
    InvalidAnswer,
    NoEligibleModel,
    Overloaded,
    ShuttingDown,
)

_PASSING = (HostUnreachable, NoEligibleModel, Overloaded, ShuttingDown)  # nothing was run, and time may help
_FINAL = (DeadlineExceeded, InvalidAnswer)  # no time is left; or several models were tried, and none could
_RUNS_MAX = 3
_BACKOFF_S = 1.0
_BACKOFF_MAX_S = 30.0
_DOUBLINGS_MAX = 5
_ASKED_MAX_S = 60.0  # it is meant for callers; to look once more costs a job little


def again_in_s(error: DispatcherError, tries: int, left_s: float) -> float | None:
    """Seconds until the next run; None when there should be none.

    Args:
        tries: how many runs have failed before this one.
        left_s: time until the deadline.
    """
    if not isinstance(error, _PASSING):
        if isinstance(error, _FINAL) or not error.may_be_retried:
            return None
        if not isinstance(error, DeadlineInfeasible) and tries + 1 >= _RUNS_MAX:
            return None
    backoff_s = min(_BACKOFF_S * 2 ** min(tries, _DOUBLINGS_MAX), _BACKOFF_MAX_S)
    wait_s = max(backoff_s, min(error.retry_after_s or 0.0, _ASKED_MAX_S))
    return wait_s if wait_s < left_s else None
