"""What the requests of a run add up to."""

import math
from collections.abc import Sequence

from scripts.bench.load.plan import Sent

_SLACK = 1.25  # of the normal p99: two runs of the same differ by so much
_WINDOW_S = 4.0
_STEP_S = 0.25


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share (0..1) of all doesn't exceed; not a number when there are none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def answered(sent: Sequence[Sent]) -> list[float]:
    """Seconds of those that were answered in time."""
    return [one.took_s for one in sent if one.is_in_time]


def goodput_per_s(sent: Sequence[Sent], begin_s: float, end_s: float) -> float:
    """Answers in time per second, of those that came between two moments."""
    return sum(one.is_in_time and begin_s <= one.done_s < end_s for one in sent) / (end_s - begin_s)


def recovery_s(after: Sequence[Sent], end_s: float, normal_p99_s: float) -> float:
    """Seconds from the end of a spike until requests are served as before it.

    They are when of those sent within four seconds all are answered, and 99 % of them as quickly as 99 % were before.
    """
    begin_s = end_s
    last_s = max((one.sent_s for one in after), default=end_s)
    while begin_s + _WINDOW_S <= last_s:
        window = [one for one in after if begin_s <= one.sent_s < begin_s + _WINDOW_S]
        times_s = answered(window)
        if window and len(times_s) == len(window) and percentile(times_s, 0.99) <= _SLACK * normal_p99_s:
            return begin_s - end_s
        begin_s += _STEP_S
    return math.inf
