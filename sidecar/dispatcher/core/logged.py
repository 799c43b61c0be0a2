"""A dispatch of the log with what came of it: what there is to learn from."""

from dataclasses import dataclass, replace

from dispatcher.core.feedback import Feedback
from dispatcher.core.record import DispatchRecord
from dispatcher.core.reward import NOTHING, Label, Signals, hint_of, label_of, label_of_failure
from dispatcher.core.task import ModelId


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
        """What it teaches of the model that answered, at this very node."""
        return label_of(self.signals)

    def label_with(self, words_weight: float) -> Label:
        """What it teaches where what callers said of it counts only so much."""
        said = self.label
        if said.quality is None or words_weight <= 0.0:
            return hint_of(self.signals)
        return replace(said, weight=words_weight)

    @property
    def failures(self) -> tuple[tuple[ModelId, Label], ...]:
        """What it teaches of models that were tried before and failed."""
        tried = self.record.attempts[:-1]
        labels = ((attempt.model_id, label_of_failure(attempt.error_code)) for attempt in tried)
        return tuple((model_id, label) for model_id, label in labels if label != NOTHING)
