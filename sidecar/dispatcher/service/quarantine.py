"""Which models failed to start lately, and until when they aren't tried again."""

from collections.abc import Callable
from dataclasses import dataclass

from dispatcher.core.task import ModelId

_BACKOFF_S = 10.0
_BACKOFF_MAX_S = 320.0


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    until_s: float
    reason: str


class Quarantine:
    """Each failed start doubles the wait before the next; a good one ends it."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._failures: dict[ModelId, _Failures] = {}

    def failed(self, model_id: ModelId, reason: str) -> None:
        """Note a failed start."""
        count = self._failures[model_id].count + 1 if model_id in self._failures else 1
        wait_s = min(_BACKOFF_S * 2 ** (count - 1), _BACKOFF_MAX_S)
        self._failures[model_id] = _Failures(count, self._now() + wait_s, reason)

    def came_up(self, model_id: ModelId) -> None:
        """Note a good start."""
        self._failures.pop(model_id, None)

    def why_not(self, model_id: ModelId) -> str | None:
        """Why this model mustn't be started now; None when it may."""
        failures = self._failures.get(model_id)
        if failures is None or self._now() >= failures.until_s:
            return None
        wait_s = failures.until_s - self._now()
        return f"it failed to start {failures.count} times, last because {failures.reason}; next try in {wait_s:.0f} s"
