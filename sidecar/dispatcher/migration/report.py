"""What was found in workflows, and what becomes of it."""

from dataclasses import dataclass
from enum import StrEnum

from dispatcher.migration.splice import Edit
from dispatcher.migration.wishes import CredentialType


class Action(StrEnum):
    """What was done to a node."""

    REPOINT = "repoint"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Moved:
    """A node that calls AI Dispatch from now on.

    Args:
        what: the kind of node, in words.
        why: why this way and not the other; what to look after.
        lost: what isn't carried over, each with its reason.
        credential: the type of credential that it needs now.
    """

    node: str
    what: str
    action: Action
    why: str
    lost: tuple[str, ...]
    credential: CredentialType | None
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """A node that calls an Ollama and stays as it is; `why` says what a person can do."""

    node: str
    what: str
    why: str


Finding = Moved | Left


@dataclass(frozen=True, slots=True)
class WorkflowReport:
    """One workflow; `name` is None when it has none. `old_credentials` are those its moved nodes had before."""

    name: str | None
    findings: tuple[Finding, ...]
    old_credentials: tuple[str, ...] = ()

    @property
    def moved(self) -> tuple[Moved, ...]:
        """What was moved, or would be."""
        return tuple(one for one in self.findings if isinstance(one, Moved))

    @property
    def left(self) -> tuple[Left, ...]:
        """What wasn't."""
        return tuple(one for one in self.findings if isinstance(one, Left))
