"""When a replica that fails again and again is left alone: a circuit breaker, one for each."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

FAULTS_MAX = 5
_EJECTED_S = 30.0
_EJECTED_MAX_S = 300.0


class BreakerState(StrEnum):
    """Whether a replica is trusted with work."""

    CLOSED = "closed"  # it is
    EJECTED = "ejected"  # others of its model are asked instead
    PROBING = "probing"  # after its time: one dispatch at a time finds out


@dataclass(frozen=True, slots=True)
class Breaker:
    """How often a replica failed in a row, and until when it is left alone for it. Times on the monotonic clock.

    Five faults in a row eject it for 30 seconds times the number of its ejections, at most 300; then a fault ejects it
    again. An answer closes the breaker, whenever it comes. Good behaviour for 300 seconds lets ejections be forgotten.

    Source: Envoy's outlier detection (envoy.config.cluster.v3.OutlierDetection), with its numbers.
    """

    faults: int = 0
    ejections: int = 0
    until_s: float = -math.inf
    is_tripped: bool = False
    has_answered: bool = False

    def state(self, now_s: float) -> BreakerState:
        """What it is now."""
        if not self.is_tripped:
            return BreakerState.CLOSED
        return BreakerState.EJECTED if now_s < self.until_s else BreakerState.PROBING

    def failed(self, now_s: float) -> "Breaker":
        """After one more fault. Those of dispatches that ran already when it was ejected change nothing."""
        failed = replace(self, faults=self.faults + 1)
        if self.state(now_s) is BreakerState.EJECTED or (failed.faults < FAULTS_MAX and not self.is_tripped):
            return failed
        is_forgotten = now_s - self.until_s >= _EJECTED_MAX_S and not self.is_tripped
        ejections = 1 if is_forgotten else self.ejections + 1
        until_s = now_s + min(_EJECTED_S * ejections, _EJECTED_MAX_S)
        return replace(failed, ejections=ejections, until_s=until_s, is_tripped=True)

    def answered(self) -> "Breaker":
        """After an answer."""
        return replace(self, faults=0, is_tripped=False, has_answered=True)
