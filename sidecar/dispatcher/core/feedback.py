"""What callers say of answers, and how much of that counts."""

from dataclasses import dataclass
from enum import StrEnum

SHARE_MAX = 0.04
"""More of the evidence that others rely on is never one token's word of one day: so it turns fewer than a twentieth of
their choices."""

_DAY_S = 86_400.0


class FeedbackSource(StrEnum):
    """How a caller came to its opinion."""

    USER = "user"  # a person said so
    NEXT_STEP = "next_step"  # what came next in the workflow worked, or didn't
    RETRY = "retry"  # it was asked again
    WORKFLOW = "workflow"  # a step of the workflow judged it


@dataclass(frozen=True, slots=True)
class Feedback:
    """One opinion. `score` 0..1, `weight` 0..1 as it was taken, `created_at` in Unix seconds; `token` is a name."""

    token: str
    source: FeedbackSource
    score: float
    weight: float
    created_at: float

    @property
    def day(self) -> int:
        """The day it was given, UTC, counted from 1970."""
        return int(self.created_at // _DAY_S)


def day_begins_at(now_at: float) -> float:
    """When the day of this Unix time began, UTC."""
    return now_at // _DAY_S * _DAY_S


def weight_of(counted_today: int, daily_max: int) -> float:
    """What one more opinion of a token counts that was heard so often today."""
    return 1.0 if counted_today < daily_max else 0.0
