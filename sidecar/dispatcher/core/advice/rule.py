"""A suggestion, and how far it has come: proposed, applied, measured, kept or rolled back."""

from dataclasses import dataclass
from enum import StrEnum

from dispatcher.core.advice.books import Numbers
from dispatcher.core.task import ModelId


class ChangeKind(StrEnum):
    """What of a model a rule changes; the number is in the unit its name ends with, a pin is 1 or 0."""

    IDLE_STOP_S = "idle_stop_s"  # how long a replica may be idle; 0 for the usual time
    CONTEXT_TOKENS = "context_tokens"
    SLOTS = "slots"
    IS_PINNED = "is_pinned"
    MEMORY_MIB = "memory_mib"  # what a replica is thought to take


class RuleState(StrEnum):
    """How far a rule has come."""

    PROPOSED = "proposed"
    APPLIED = "applied"
    MEASURED = "measured"
    KEPT = "kept"
    ROLLED_BACK = "rolled_back"


class Author(StrEnum):
    """Whose idea it was."""

    OPTIMIZER = "optimizer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Change:
    """One number of a model, as it was and as it should be."""

    kind: ChangeKind
    model_id: ModelId
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A change worth making, and why. `saves_gb_s` is memory × time it is thought to free in a day."""

    change: Change
    why: str
    saves_gb_s: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """The numbers for a rule: of the model before it was applied, and after. Times in Unix seconds."""

    author: Author
    why: str
    saves_gb_s: float
    before: Numbers | None = None
    after: Numbers | None = None
    applied_at: float | None = None
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it stands."""

    id: int
    change: Change
    evidence: Evidence
    state: RuleState
    created_at: float
    changed_at: float
