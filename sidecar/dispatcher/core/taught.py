"""What callers have taught about task types and complexities, in the form in which it rests: counts, no text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaughtShare:
    """How many examples of a label a workflow has taught, those long ago counting less."""

    workflow_id: str
    label: str
    examples: float


@dataclass(frozen=True, slots=True)
class TaughtCounts:
    """Everything that was taught.

    Args:
        version: of the hashing and the labels; counts of another version mean nothing.
        counts: packed numbers, as `learning` makes them.
    """

    version: str
    counts: bytes
    shares: tuple[TaughtShare, ...]
