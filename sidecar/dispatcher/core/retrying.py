"""How many dispatches may try again at the same time, so that retries never become the load."""

from collections.abc import Iterator
from contextlib import contextmanager

_SHARE = 0.2
_LEAST = 3


class RetryBudget:
    """Counts the dispatches under way, and those of them that try again: at most a fifth, but three always may.

    Source: the retry budget of Envoy's circuit breakers (envoy.config.cluster.v3.CircuitBreakers), with its numbers.
    """

    def __init__(self) -> None:
        self.active = 0
        self.retrying = 0

    @property
    def retrying_max(self) -> int:
        """How many may try again at the same time."""
        return max(_LEAST, int(self.active * _SHARE))

    @contextmanager
    def under_way(self) -> "Iterator[Tries]":
        """Count one dispatch while the block runs; what it yields says whether that one may try again."""
        tries = Tries(self)
        self.active += 1
        try:
            yield tries
        finally:
            self.active -= 1
            self.retrying -= tries.is_retrying


class Tries:
    """One dispatch's part in the budget."""

    def __init__(self, budget: RetryBudget) -> None:
        self.is_retrying = False
        self._budget = budget

    def again(self) -> bool:
        """Whether it may try again now. Once it may, it counts as trying again until it ends."""
        if not self.is_retrying and self._budget.retrying < self._budget.retrying_max:
            self.is_retrying = True
            self._budget.retrying += 1
        return self.is_retrying
