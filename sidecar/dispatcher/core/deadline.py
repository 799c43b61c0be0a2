"""When a dispatch gives up: one moment, handed down to every wait, and for how long an answer may be silent."""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock, in seconds.

    Args:
        first_token_s: seconds that an inference server may be silent from being asked to its first word.
        between_s: and then between two words.
    """

    at_s: float
    first_token_s: float = math.inf
    between_s: float = math.inf

    @classmethod
    def after(cls, now_s: float, timeout_s: float) -> "Deadline":
        """The deadline that is `timeout_s` seconds from now."""
        return cls(now_s + timeout_s)

    def patient_for(self, first_token_s: float, between_s: float) -> "Deadline":
        """The same moment, with limits on silence."""
        return replace(self, first_token_s=first_token_s, between_s=between_s)

    def remaining_s(self, now_s: float) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.at_s - now_s)

    def has_passed(self, now_s: float) -> bool:
        """Whether there is no time left."""
        return now_s >= self.at_s
