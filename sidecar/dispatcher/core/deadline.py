"""When a dispatch gives up: one moment, handed down to every wait."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock, in seconds."""

    at_s: float

    @classmethod
    def after(cls, now_s: float, timeout_s: float) -> "Deadline":
        """The deadline that is `timeout_s` seconds from now."""
        return cls(now_s + timeout_s)

    def remaining_s(self, now_s: float) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.at_s - now_s)

    def has_passed(self, now_s: float) -> bool:
        """Whether there is no time left."""
        return now_s >= self.at_s
