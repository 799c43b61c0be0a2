"""How often a model is asked for: a slow average and a quick one, both by exponential decay."""

import math

_STEADY_S = 120.0
_BURST_S = 15.0


class Arrivals:
    """Rates of one model. Times in monotonic seconds."""

    def __init__(self, now_s: float) -> None:
        self._at_s = now_s
        self.steady_per_s = 0.0
        self.burst_per_s = 0.0

    def passed(self, now_s: float) -> "Arrivals":
        """Let time go by."""
        passed_s = max(0.0, now_s - self._at_s)
        self.steady_per_s *= math.exp(-passed_s / _STEADY_S)
        self.burst_per_s *= math.exp(-passed_s / _BURST_S)
        self._at_s = now_s
        return self

    def came(self, now_s: float) -> None:
        """Count one more."""
        self.passed(now_s)
        self.steady_per_s += 1 / _STEADY_S
        self.burst_per_s += 1 / _BURST_S
