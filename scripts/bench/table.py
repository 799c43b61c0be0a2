"""The table that a bench prints: each number beside its baseline."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One number and its baseline, in words."""

    what: str
    number: str
    baseline: str
    its_number: str


def print_table(rows: Iterable[Row], *, to_stderr: bool) -> None:
    """Print the rows, away from stdout when something else is to be its last line."""
    table = Table("What", "AI Dispatch", "Baseline", "its number")
    for row in rows:
        table.add_row(row.what, row.number, row.baseline, row.its_number)
    Console(stderr=to_stderr).print(table)
