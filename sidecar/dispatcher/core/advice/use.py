"""How a model was used: what suggestions about it are made from."""

from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.core.advice.books import Turn
from dispatcher.core.advice.rule import Change, ChangeKind, Suggestion
from dispatcher.core.model import ModelSpec

USES_MIN = 20
"""Fewer say nothing."""

SAVED_MIN = 0.1
"""Of what there is now: less isn't worth a change."""


@dataclass(frozen=True, slots=True)
class Use:
    """How a model was used over `days`.

    Args:
        turns: its dispatches, in any order.
        peak_mib: the most a replica took; None when none was measured.
        ready_s: seconds its replicas were in memory, all together.
        idle_stop_s: for how long one may be idle now.
    """

    spec: ModelSpec
    turns: Sequence[Turn]
    peak_mib: int | None
    ready_s: float
    idle_stop_s: float
    days: float
    budget_mib: int

    @property
    def gib(self) -> float:
        """Memory of one replica, as far as it is known."""
        return max(self.spec.footprint_mib, self.peak_mib or 0) / 1024

    def a_day(self, value: float) -> float:
        """A sum over the time, as one over a day."""
        return value / max(self.days, 1e-9)

    def suggest(self, kind: ChangeKind, before: float, after: float, why: str, saves_gb_s: float) -> Suggestion:
        """A change of this model."""
        return Suggestion(Change(kind, self.spec.id, before, after), why, round(saves_gb_s, 1))
