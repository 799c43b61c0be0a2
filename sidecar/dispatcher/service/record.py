"""Writing down what happened: to the database, which nobody waits for, and to the metrics."""

from dispatcher.core.outcome import Ending
from dispatcher.core.record import DispatchRecord
from dispatcher.core.task import ModelId
from dispatcher.metrics import Metrics
from dispatcher.store.dispatches import DispatchLog


class Recorder:
    """Keeps the books of dispatches."""

    def __init__(self, log: DispatchLog, metrics: Metrics) -> None:
        self._log = log
        self._metrics = metrics

    def decided(self, took_s: float) -> None:
        """A model was chosen this long after the request came."""
        self._metrics.decide_s.observe(took_s)

    def fell_back(self, model_id: ModelId) -> None:
        """An attempt failed, and another follows."""
        self._metrics.fallbacks.labels(model_id).inc()

    def refused_retry(self, model_id: ModelId) -> None:
        """An attempt failed, and none follows because too many dispatches try again already."""
        self._metrics.retries_refused.labels(model_id).inc()

    def record(self, record: DispatchRecord) -> None:
        """A dispatch ended."""
        self._log.record(record)
        model = record.model_id or "none"
        self._metrics.dispatches.labels(model, record.task_type, record.ending).inc()
        if record.decision is not None and record.decision.explored:
            self._metrics.explored.labels(record.decision.chosen.model_id).inc()
        if record.usage is not None:
            self._metrics.tokens.labels(model, "prompt").inc(record.usage.prompt_tokens)
            self._metrics.tokens.labels(model, "completion").inc(record.usage.completion_tokens)
        if record.ending is Ending.SUCCEEDED:
            self._metrics.total_s.labels(model).observe(record.timing.total_s)
            if record.timing.first_token_s is not None:
                self._metrics.first_token_s.labels(model).observe(record.timing.first_token_s)
