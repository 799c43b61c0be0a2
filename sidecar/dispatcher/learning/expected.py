"""What is expected of a model's answer, and how surely."""

from typing import NamedTuple


class Expected(NamedTuple):
    """Quality, 0..1; the standard deviation of that expectation; and how many judged answers stand behind it."""

    quality: float
    doubt: float
    tries: int
