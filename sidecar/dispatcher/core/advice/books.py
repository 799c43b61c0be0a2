"""Adds up what the log says of each model at each kind of work."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from dispatcher.core.logged import LoggedOutcome
from dispatcher.core.outcome import Ending
from dispatcher.core.record import DispatchRecord
from dispatcher.core.task import Complexity, ModelId, Source, TaskType


@dataclass(frozen=True, slots=True)
class Numbers:
    """How dispatches went. Seconds are of those that succeeded; None where nothing is known.

    Args:
        success: share of usable answers among those that say anything.
        quality: mean of what is known of the answers, 0..1, and `quality_weight` how much that is.
        p90_kept: share that came within the P90 that was foretold.
        load_s: seconds of loading that callers waited for, all together.
    """

    dispatches: int
    success: float | None
    quality: float | None
    quality_weight: float
    p50_s: float | None
    p90_s: float | None
    p90_kept: float | None
    load_s: float


@dataclass(frozen=True, slots=True)
class WorkNumbers:
    """A model at one kind of work."""

    model_id: ModelId
    task_type: TaskType
    complexity: Complexity
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Turn:
    """One dispatch, as it weighed on its model: `started_at` in Unix time, `run_s` what the engine itself took."""

    started_at: float
    total_s: float
    queue_s: float
    load_s: float
    run_s: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    max_tokens: int | None


@dataclass(slots=True)
class Sheet:
    """Takes in dispatches one by one."""

    _dispatches: int = 0
    _successes: list[float] = field(default_factory=list)
    _quality: float = 0.0
    _quality_weight: float = 0.0
    _seconds: list[float] = field(default_factory=list)
    _kept: list[bool] = field(default_factory=list)
    _load_s: float = 0.0

    def add(self, outcome: LoggedOutcome) -> None:
        """Take in one."""
        record, label = outcome.record, outcome.label
        self._dispatches += 1
        self._load_s += record.timing.load_s
        if label.success is not None:
            self._successes.append(label.success)
        if label.quality is not None:
            self._quality += label.quality * label.weight
            self._quality_weight += label.weight
        if record.ending is Ending.SUCCEEDED:
            self._seconds.append(record.timing.total_s)
            if len(record.attempts) < 2 and record.decision is not None:
                self._kept.append(record.timing.total_s <= record.decision.chosen.finish.p90)

    def numbers(self) -> Numbers:
        """All of it so far."""
        seconds = sorted(self._seconds)
        return Numbers(
            dispatches=self._dispatches,
            success=_mean(self._successes),
            quality=self._quality / self._quality_weight if self._quality_weight else None,
            quality_weight=self._quality_weight,
            p50_s=nearest_rank(seconds, 0.5),
            p90_s=nearest_rank(seconds, 0.9),
            p90_kept=_mean(self._kept),
            load_s=self._load_s,
        )


class Books:
    """A sheet for each model and kind of work, and one for each model."""

    def __init__(self) -> None:
        self._by_work: dict[tuple[ModelId, TaskType, Complexity], Sheet] = defaultdict(Sheet)
        self._by_model: dict[ModelId, Sheet] = defaultdict(Sheet)
        self._turns: dict[ModelId, list[Turn]] = defaultdict(list)

    def add(self, outcome: LoggedOutcome) -> None:
        """Take in one dispatch of a caller that some model had a part in."""
        record = outcome.record
        if record.model_id is None or record.source is not Source.CALLER or record.ending is Ending.REFUSED:
            return
        self._by_work[record.model_id, record.task_type, record.complexity].add(outcome)
        self._by_model[record.model_id].add(outcome)
        self._turns[record.model_id].append(_turn(record))

    def work(self) -> tuple[WorkNumbers, ...]:
        """By model and kind of work, in their order."""
        return tuple(WorkNumbers(*key, self._by_work[key].numbers()) for key in sorted(self._by_work))

    def models(self) -> dict[ModelId, Numbers]:
        """By model alone."""
        return {model_id: sheet.numbers() for model_id, sheet in sorted(self._by_model.items())}

    def turns(self, model_id: ModelId) -> Sequence[Turn]:
        """What each dispatch of a model took."""
        return self._turns.get(model_id, ())


def nearest_rank(sorted_values: Sequence[float], share: float) -> float | None:
    """The smallest that at least this share stays within; None of nothing."""
    if not sorted_values:
        return None
    return sorted_values[max(0, math.ceil(share * len(sorted_values) - 1e-9) - 1)]


def _turn(record: DispatchRecord) -> Turn:
    usage, timing = record.usage, record.timing
    return Turn(
        started_at=record.started_at,
        total_s=timing.total_s,
        queue_s=timing.queue_s,
        load_s=timing.load_s,
        run_s=None if record.decode_s is None else record.decode_s + (record.prefill_s or 0.0),
        prompt_tokens=usage.prompt_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        max_tokens=record.max_tokens,
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
