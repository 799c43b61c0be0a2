"""analyze_performance: who does worse than another model would at the same work, in numbers."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dispatcher.core.advice.books import Numbers, WorkNumbers
from dispatcher.core.task import Complexity, ModelId, TaskType

_DISPATCHES_MIN = 15
_SURE = 1.64  # standard errors: one-sided 95 %
_GAP_MIN = 0.05
_P90_KEPT_MIN = 0.8
_SLOWER = 1.5


class Flaw(StrEnum):
    """In what a model does worse."""

    SUCCESS = "success"  # fewer usable answers
    QUALITY = "quality"  # worse ones
    SPEED = "speed"  # later ones, and no better
    PROMISE = "promise"  # later than was foretold


@dataclass(frozen=True, slots=True)
class Finding:
    """A model that does badly at some work: its number, and that of who would do better (or what was promised)."""

    model_id: ModelId
    task_type: TaskType
    complexity: Complexity
    flaw: Flaw
    value: float
    dispatches: int
    alternative: ModelId | None
    alternative_value: float
    message: str


def analyze_performance(rows: Sequence[WorkNumbers]) -> tuple[Finding, ...]:
    """All that is certain enough to be told, the worst gap first."""
    by_work: dict[tuple[TaskType, Complexity], list[WorkNumbers]] = defaultdict(list)
    for row in rows:
        if row.numbers.dispatches >= _DISPATCHES_MIN:
            by_work[row.task_type, row.complexity].append(row)
    found = [finding for there in by_work.values() for finding in _findings(there)]
    return tuple(sorted(found, key=lambda one: (-abs(one.alternative_value - one.value), one.model_id, one.flaw)))


def _findings(rows: Sequence[WorkNumbers]) -> Iterator[Finding]:
    for row in rows:
        others = [other for other in rows if other is not row]
        for flaw in (Flaw.SUCCESS, Flaw.QUALITY):
            yield from _worse(row, others, flaw)
        yield from _slower(row, others)
        yield from _late(row)


def _worse(row: WorkNumbers, others: Sequence[WorkNumbers], flaw: Flaw) -> Iterator[Finding]:
    """Against the best of the others, when the gap can't be chance."""
    own, count = _share(row.numbers, flaw)
    known = [(value, other, seen) for other in others for value, seen in [_share(other.numbers, flaw)] if seen]
    if own is None or not known:
        return
    best, other, seen = max(known, key=lambda one: (one[0] or 0.0, one[1].model_id))
    gap = (best or 0.0) - own
    if gap >= _GAP_MIN and gap > _SURE * math.sqrt(_variance(own, count) + _variance(best or 0.0, seen)):
        words = "usable answers" if flaw is Flaw.SUCCESS else "quality"
        yield _finding(row, flaw, own, other.model_id, best or 0.0, f"{words}: {own:.0%}, {other.model_id} {best:.0%}")


def _slower(row: WorkNumbers, others: Sequence[WorkNumbers]) -> Iterator[Finding]:
    own = row.numbers
    for other in sorted(others, key=lambda one: one.numbers.p90_s or math.inf):
        there = other.numbers
        if own.p90_s is None or there.p90_s is None or own.p90_s < _SLOWER * there.p90_s:
            return
        if _worth(there) >= _worth(own):
            message = f"nine in ten within {own.p90_s:.1f} s, with {other.model_id} {there.p90_s:.1f} s and no worse"
            yield _finding(row, Flaw.SPEED, own.p90_s, other.model_id, there.p90_s, message)
            return


def _late(row: WorkNumbers) -> Iterator[Finding]:
    kept = row.numbers.p90_kept
    if kept is not None and kept < _P90_KEPT_MIN:
        message = f"{kept:.0%} came within the P90 that was foretold, 90 % should"
        yield _finding(row, Flaw.PROMISE, kept, None, 0.9, message)


def _finding(
    row: WorkNumbers, flaw: Flaw, value: float, alternative: ModelId | None, alternative_value: float, message: str
) -> Finding:
    dispatches = row.numbers.dispatches
    return Finding(
        row.model_id,
        row.task_type,
        row.complexity,
        flaw,
        value,
        dispatches,
        alternative,
        alternative_value,
        f"{row.model_id} at {row.task_type}, {row.complexity}: {message} ({dispatches} dispatches)",
    )


def _share(numbers: Numbers, flaw: Flaw) -> tuple[float | None, float]:
    """A share, and by how many dispatches it is known."""
    if flaw is Flaw.SUCCESS:
        return numbers.success, numbers.dispatches if numbers.success is not None else 0
    return numbers.quality, numbers.quality_weight


def _worth(numbers: Numbers) -> float:
    return (1.0 if numbers.success is None else numbers.success) * (numbers.quality or 0.0)


def _variance(share: float, count: float) -> float:
    """Of a share's estimate, with a success and a failure more, so that none is certain of anything."""
    smooth = (share * count + 1) / (count + 2)
    return smooth * (1 - smooth) / (count + 2)
