"""A dispatch of the log with what came of it: what there is to learn from."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.core.feedback import Feedback, shared_factors
from dispatcher.core.record import DispatchRecord
from dispatcher.core.reward import NOTHING, Label, Signals, hint_of, label_of, label_of_failure
from dispatcher.core.task import ModelId, TaskType


@dataclass(frozen=True, slots=True)
class LoggedOutcome:
    """One dispatch. `place` rises in the order in which dispatches ended: whoever read up to it goes on after it.

    `was_retried`: the same item of the same run of a node was asked again later.
    """

    place: int
    record: DispatchRecord
    feedback: tuple[Feedback, ...]
    was_retried: bool

    @property
    def signals(self) -> Signals:
        """All that hints at how good the answer was."""
        record, verdict = self.record, self.record.verdict
        return Signals(
            ending=record.ending,
            error_code=record.error_code,
            finish_reason=record.finish_reason,
            has_asked_length=record.max_tokens is not None,
            is_valid=verdict.is_valid if verdict else None,
            is_empty=verdict is not None and verdict.is_empty,
            is_refusal=verdict is not None and verdict.is_refusal,
            was_retried=self.was_retried,
            feedback=tuple((one.score, one.weight) for one in self.feedback),
        )

    @property
    def label(self) -> Label:
        """What it teaches of the model that answered, at this very node; see `shared_labels` for everywhere else."""
        return label_of(self.signals)

    @property
    def failures(self) -> tuple[tuple[ModelId, Label], ...]:
        """What it teaches of models that were tried before and failed."""
        tried = self.record.attempts[:-1]
        labels = ((attempt.model_id, label_of_failure(attempt.error_code)) for attempt in tried)
        return tuple((model_id, label) for model_id, label in labels if label != NOTHING)


def shared_labels(outcomes: Sequence[LoggedOutcome]) -> tuple[Label, ...]:
    """What each teaches where others rely on it too: feedback counts there only as far as no token rules the rest.

    Bounded by model and task type; see `shared_factors`.
    """
    levels: dict[tuple[ModelId | None, TaskType], list[LoggedOutcome]] = defaultdict(list)
    for outcome in outcomes:
        levels[_level(outcome)].append(outcome)
    factors = {level: _factors(there) for level, there in levels.items()}
    return tuple(_mixed(outcome, factors[_level(outcome)]) for outcome in outcomes)


def _level(outcome: LoggedOutcome) -> tuple[ModelId | None, TaskType]:
    return outcome.record.model_id, outcome.record.task_type


def _factors(outcomes: Sequence[LoggedOutcome]) -> dict[tuple[str, int], float]:
    evidence = sum(hint_of(outcome.signals).weight for outcome in outcomes)
    return dict(shared_factors([one for outcome in outcomes for one in outcome.feedback], evidence))


def _mixed(outcome: LoggedOutcome, factors: dict[tuple[str, int], float]) -> Label:
    """The hint and what is left of the words on it, together."""
    hint = hint_of(outcome.signals)
    if hint.quality is None or not outcome.feedback:
        return hint
    weighed = [(one.score, one.weight * factors[one.token, one.day]) for one in outcome.feedback]
    weight = hint.weight + sum(weight for _, weight in weighed)
    quality = (hint.quality * hint.weight + sum(score * weight for score, weight in weighed)) / weight
    return Label(hint.success, quality, weight)
