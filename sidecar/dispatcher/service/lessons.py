"""What each dispatch of the log teaches, in the form in which rankers learn it."""

from collections.abc import Iterator

from dispatcher.core.lesson import Lesson
from dispatcher.core.logged import LoggedOutcome
from dispatcher.core.model import ModelSpec
from dispatcher.core.record import DispatchRecord
from dispatcher.core.reward import HINT, Label, hint_of
from dispatcher.core.shared_evidence import Level, SharedEvidence
from dispatcher.core.task import FormatKind, ModelId, Source
from dispatcher.core.timed_outcome import TimedOutcome, node_key, pace_of
from dispatcher.errors import ModelNotFound
from dispatcher.service.generations import Generations
from dispatcher.service.registry import Registry


class Lessons:
    """Makes lessons of outcomes.

    Args:
        max_tokens_default: the longest answer when the caller doesn't say.
    """

    def __init__(self, registry: Registry, generations: Generations, threads: int, max_tokens_default: int) -> None:
        self._registry = registry
        self._generations = generations
        self._threads = threads
        self._max_tokens_default = max_tokens_default
        self._evidence = SharedEvidence()

    def of(self, logged: LoggedOutcome) -> Iterator[Lesson]:
        """One lesson for each model that was tried, those that failed first; none of what is gone, or was another."""
        for model_id, label in logged.failures:
            if (spec := self.spec(model_id, logged.record.started_at)) is not None:
                yield self._lesson(logged.record, spec, label, None, label)
        record = logged.record
        if record.model_id is not None and (spec := self.spec(record.model_id, record.started_at)) is not None:
            yield self._lesson(record, spec, logged.label, self._timed(record, spec), self._shared(logged))

    def spec(self, model_id: ModelId, at: float) -> ModelSpec | None:
        """The model, if it is still the one that it was at this Unix time."""
        if at < self._generations.since_at(model_id):
            return None
        try:
            return self._registry.spec(model_id)
        except ModelNotFound:
            return None

    def _lesson(
        self, record: DispatchRecord, spec: ModelSpec, label: Label, timed: TimedOutcome | None, shared: Label
    ) -> Lesson:
        decision = record.decision
        return Lesson(
            spec=spec,
            task_type=record.task_type,
            complexity=record.complexity,
            context=record.context,
            output=FormatKind.TEXT if record.verdict is None or record.verdict.is_valid is None else FormatKind.JSON,
            prompt_tokens=record.usage.prompt_tokens if record.usage else record.prompt_chars // 4,
            features=decision.features if decision else None,
            timed=timed,
            label=label,
            shared=shared,
        )

    def _timed(self, record: DispatchRecord, spec: ModelSpec) -> TimedOutcome | None:
        """Its times; None when it didn't answer to the end, or wasn't the first that was tried."""
        timing, usage, decision = record.timing, record.usage, record.decision
        if usage is None or record.finish_reason is None or timing.first_token_s is None or len(record.attempts) != 1:
            return None
        waited_s = timing.queue_s + timing.load_s
        threads = record.threads or self._threads
        return TimedOutcome(
            model_id=spec.id,
            task_type=record.task_type,
            complexity=record.complexity,
            node=node_key(record.context),
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            finish_reason=record.finish_reason,
            prefill_s=record.prefill_s,
            decode_s=record.decode_s,
            first_token_s=max(0.0, timing.first_token_s - waited_s),
            total_s=max(1e-4, record.attempts[0].total_s - waited_s),
            threads=threads,
            at_once=record.at_once or 1,
            load_s=timing.load_s,
            max_tokens=record.max_tokens or self._max_tokens_default,
            pace=pace_of(spec, threads),
            promised=decision.chosen.forecast.run if decision and decision.chosen.model_id == spec.id else None,
            is_calibration=record.source is Source.CALIBRATION,
        )

    def judgement_of(self, logged: LoggedOutcome) -> Lesson | None:
        """Only what was said of a dispatch that has been learned: all else of it is known."""
        record = logged.record
        if record.model_id is None or (spec := self.spec(record.model_id, record.started_at)) is None:
            return None
        label, words = logged.label, self._words_weight(logged)
        said = Label(None, label.quality, label.weight)
        return self._lesson(record, spec, said, None, Label(None, label.quality, words))

    def _shared(self, logged: LoggedOutcome) -> Label:
        record, hint = logged.record, hint_of(logged.signals)
        if record.model_id is not None:
            self._evidence.note_hint(_level(record, record.model_id), max(hint.weight, HINT))
        return logged.label_with(self._words_weight(logged))

    def _words_weight(self, logged: LoggedOutcome) -> float:
        record = logged.record
        if record.model_id is None:
            return 0.0
        level = _level(record, record.model_id)
        return sum(self._evidence.admit(level, one.token, one.day, one.weight) for one in logged.feedback)


def _level(record: DispatchRecord, model_id: ModelId) -> Level:
    return model_id, record.task_type, record.complexity
