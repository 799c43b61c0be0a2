"""update_model_rankings: who is best at each kind of work, by what was measured here."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.core.advice.books import WorkNumbers
from dispatcher.core.task import Complexity, TaskType

_PRIOR = 5.0  # dispatches' worth of doubt: few good answers don't make a model the best
_EXPECTED = 0.5


@dataclass(frozen=True, slots=True)
class Place:
    """A model's place at some work; 1 is the best."""

    place: int
    row: WorkNumbers


def rank_models(rows: Sequence[WorkNumbers]) -> tuple[Place, ...]:
    """Each model's place at each kind of work: by usable answers × quality, shrunken; then by time."""
    by_work: dict[tuple[TaskType, Complexity], list[WorkNumbers]] = defaultdict(list)
    for row in rows:
        by_work[row.task_type, row.complexity].append(row)
    places: list[Place] = []
    for _, there in sorted(by_work.items()):
        best_first = sorted(there, key=lambda row: (-_worth(row), row.numbers.p50_s or 0.0, row.model_id))
        places.extend(Place(number, row) for number, row in enumerate(best_first, start=1))
    return tuple(places)


def _worth(row: WorkNumbers) -> float:
    numbers = row.numbers
    success = _shrunken(numbers.success, numbers.dispatches)
    return success * _shrunken(numbers.quality, numbers.quality_weight)


def _shrunken(share: float | None, count: float) -> float:
    known = 0.0 if share is None else share * count
    return (known + _EXPECTED * _PRIOR) / ((0.0 if share is None else count) + _PRIOR)
