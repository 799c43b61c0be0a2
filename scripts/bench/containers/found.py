"""What one measurement found."""

from dataclasses import dataclass

from scripts.bench.table import Row


@dataclass(frozen=True, slots=True)
class Found:
    """A number, the key that it has with --json, and its row of the table."""

    key: str
    number: float
    row: Row
