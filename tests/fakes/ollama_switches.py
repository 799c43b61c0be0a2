"""How the stand-in for Ollama is set up, and how it misbehaves; prompts may hold marks of `behaviour.py` as well."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from tests.fakes.behaviour import Behaviour


class PullFault(StrEnum):
    """What goes wrong with a pull when half of the model is there."""

    CUT = "cut"  # the connection closes, mid chunk
    END = "end"  # the stream ends as if it were whole
    STALL = "stall"  # it goes on talking, but nothing comes
    ERROR = "error"  # an error line: no space left on device
    GARBAGE = "garbage"  # a line that is no JSON


@dataclass(frozen=True, slots=True)
class Switches:
    """May be set at any time; the default behaves. `pull_faults` says how many pulls fail before one succeeds."""

    pull_fault: PullFault | None = None
    pull_faults: int = 1
    pull_piece_s: float = 0.0
    load_s: float = 0.0
    load_error: str | None = None
    is_busy: bool = False
    chat: Behaviour = field(default_factory=Behaviour)

    def but(self, switches: Mapping[str, Any]) -> "Switches":
        """These with some set otherwise, from JSON."""
        unknown = set(switches) - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"the fake has no switch {unknown}")
        values = dict(switches)
        if "chat" in values:
            values["chat"] = self.chat.but(values["chat"])
        if values.get("pull_fault"):
            values["pull_fault"] = PullFault(values["pull_fault"])
        return replace(self, **values)


class ApiError(Exception):
    """What Ollama answers with this status, or says in a line once its stream has begun."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
