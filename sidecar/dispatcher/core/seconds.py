"""Arithmetic on durations that aren't known yet: sums, and the chance to stay within a limit.

A duration is taken as log-normal: never negative, with a long tail upwards, as waiting and decoding times are.
"""

import math
from statistics import NormalDist

from dispatcher.core.decision import Seconds

NONE = Seconds(0.0, 0.0)
_Z90 = 1.2815515655446004  # the 90th percentile of the standard normal
_SPREAD_MIN = 0.05  # nothing is ever quite certain
_NORMAL = NormalDist()


def sure(seconds: float) -> Seconds:
    """A wait that is known."""
    return Seconds(seconds, seconds)


def total(*parts: Seconds) -> Seconds:
    """The sum of independent durations: medians add, spreads add in quadrature."""
    p50 = spread2 = 0.0
    for part in parts:
        p50 += part.p50
        spread2 += (part.p90 - part.p50) ** 2
    return Seconds(p50, p50 + math.sqrt(spread2))


def chance_within(duration: Seconds, limit_s: float) -> float:
    """Probability, 0..1, that the duration is at most `limit_s`."""
    if limit_s <= 0.0:
        return 0.0
    if duration.p50 <= 0.0:
        return 1.0
    return _NORMAL.cdf(math.log(limit_s / duration.p50) / _spread(duration))


def percentile(duration: Seconds, chance: float) -> float:
    """The limit that the duration keeps with this chance (0..1, exclusive), in seconds."""
    return duration.p50 * math.exp(_NORMAL.inv_cdf(chance) * _spread(duration))


def _spread(duration: Seconds) -> float:
    if duration.p50 <= 0.0:
        return _SPREAD_MIN
    return max(_SPREAD_MIN, math.log(duration.p90 / duration.p50) / _Z90)
