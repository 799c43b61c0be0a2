"""What came of one real call, and of all calls of a side."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class End(StrEnum):
    """How a call ended."""

    ANSWERED = "answered"
    REFUSED = "refused"  # at once
    LATE = "late"  # while its answer was written
    STARVED = "starved"  # without ever getting a slot
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One call. Without an answer, `took_s` is all the time it had."""

    end: End
    took_s: float


@dataclass(frozen=True, slots=True)
class Round:
    """One side's outcomes in one round, the swaps there were, and the memory held, in GB × seconds."""

    outcomes: tuple[Outcome, ...]
    swaps: int
    gb_s: float


@dataclass(frozen=True, slots=True)
class Sum:
    """One side over all rounds."""

    swaps: int
    p50_s: float
    p90_s: float
    mean_s: float
    hits: float
    work_per_gb_s: float
    starved: int
    ends: dict[End, int]


def sum_of(rounds: Sequence[Round]) -> Sum:
    """Pool a side's rounds."""
    outcomes = [outcome for one in rounds for outcome in one.outcomes]
    times = sorted(outcome.took_s for outcome in outcomes)
    ends = {end: sum(outcome.end is end for outcome in outcomes) for end in End}
    return Sum(
        swaps=sum(one.swaps for one in rounds),
        p50_s=_nearest_rank(times, 50),
        p90_s=_nearest_rank(times, 90),
        mean_s=_mean(times),
        hits=ends[End.ANSWERED] / len(outcomes),
        work_per_gb_s=ends[End.ANSWERED] / sum(one.gb_s for one in rounds),
        starved=ends[End.STARVED],
        ends=ends,
    )


def _nearest_rank(times: Sequence[float], percent: int) -> float:
    return times[math.ceil(len(times) * percent / 100) - 1]


def _mean(times: Iterable[float]) -> float:
    kept = list(times)
    return sum(kept) / len(kept)
