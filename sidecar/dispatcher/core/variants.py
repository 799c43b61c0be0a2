"""The words of prompt variants: for whom one is meant, where it stands, and which one a dispatch was put with."""

from dataclasses import dataclass
from enum import StrEnum

from dispatcher.core.task import TaskType
from dispatcher.core.wording import PLAIN, Wording

ANY = "any"
"""Stands for every family, or for every task type."""


class VariantState(StrEnum):
    """Where a prompt variant stands."""

    CANDIDATE = "candidate"  # tried now and then, as exploration allows
    CANARY = "canary"  # on trial, with one dispatch in ten
    LIVE = "live"
    RETIRED = "retired"  # taken out, by an admin or by the one that went live after it
    REJECTED = "rejected"  # wasn't better when tried
    ROLLED_BACK = "rolled_back"  # was on trial or live, and wasn't better


IN_PLAY = frozenset({VariantState.CANDIDATE, VariantState.CANARY, VariantState.LIVE})


@dataclass(frozen=True, slots=True, order=True)
class VariantKey:
    """What a variant is meant for: a family of models or `any`, and a task type or `any`."""

    family: str
    task_type: str

    def __str__(self) -> str:
        return f"{self.family}/{self.task_type}"


@dataclass(frozen=True, slots=True)
class Variant:
    """One version of a key, which counts from 1; version 0 is the plain prompt and always there.

    `why` says in words how it came to its state. Times in Unix seconds: only dispatches from `since` on count for it.
    """

    key: VariantKey
    version: int
    wording: Wording
    state: VariantState
    why: str
    created_at: float
    changed_at: float
    since: float


@dataclass(frozen=True, slots=True)
class VariantUse:
    """The version of a key that a dispatch was put with.

    `propensity` is the chance with which it was drawn, `arms` are the versions that might have been.
    """

    key: VariantKey
    version: int
    propensity: float
    arms: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.key}/{self.version}"


@dataclass(frozen=True, slots=True)
class VariantPick:
    """What is said to one model for one dispatch, and the tokens that adds; without `use` there was nothing to pick."""

    wording: Wording = PLAIN
    tokens: int = 0
    use: VariantUse | None = None


AS_EVER = VariantPick()
"""No variant is meant for such a dispatch."""


def keys_for(family: str, task_type: TaskType) -> tuple[VariantKey, ...]:
    """The keys under which variants for such a dispatch may stand, the most specific first."""
    return (
        VariantKey(family, task_type),
        VariantKey(family, ANY),
        VariantKey(ANY, task_type),
        VariantKey(ANY, ANY),
    )
