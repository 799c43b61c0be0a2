"""Which models failed to start lately, and until when they aren't tried again."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from dispatcher.core.task import ModelId

_BACKOFF_S = 10.0
_ATTEMPTS_MAX = 5


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    until_s: float
    reason: str


class Quarantine:
    """Each failed start doubles the wait before the next; after five there is none until an admin starts it."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._failures: dict[ModelId, _Failures] = {}

    def failed(self, model_id: ModelId, reason: str) -> None:
        """Note a failed start."""
        count = self._failures[model_id].count + 1 if model_id in self._failures else 1
        wait_s = _BACKOFF_S * 2 ** (count - 1) if count < _ATTEMPTS_MAX else math.inf
        self._failures[model_id] = _Failures(count, self._now() + wait_s, reason)

    def came_up(self, model_id: ModelId) -> None:
        """Note a good start, or that an admin wants another try."""
        self._failures.pop(model_id, None)

    def why_not(self, model_id: ModelId) -> str | None:
        """Why this model mustn't be started now; None when it may."""
        failures = self._failures.get(model_id)
        if failures is None or self._now() >= failures.until_s:
            return None
        times = "once, because" if failures.count == 1 else f"{failures.count} times, last because"
        told = f"it failed to start {times} {failures.reason}"
        if failures.until_s == math.inf:
            return f"{told}; it isn't tried again until you run: ai-dispatch models start {model_id}"
        return f"{told}; next try in {failures.until_s - self._now():.0f} s"
