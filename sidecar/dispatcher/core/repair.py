"""Asking a model once more for an answer that wasn't as it must be: what it said, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.core.features import token_estimate
from dispatcher.core.outcome import Completion
from dispatcher.core.task import Message, ModelId, Role

_CHARS_MAX = 2000  # of the answer that is shown again
_TOKENS_PER_MESSAGE = 8


@dataclass(frozen=True, slots=True)
class Repair:
    """An answer of this model that can't be used; `fault` says why, without repeating it."""

    model_id: ModelId
    said: str
    fault: str

    def turns(self) -> tuple[Message, ...]:
        """What is said after the caller's messages."""
        told = f"That answer can't be used: {self.fault}. Give the whole answer again, corrected, and nothing else."
        return Message(Role.ASSISTANT, self.said), Message(Role.USER, told)

    @property
    def tokens(self) -> int:
        """About how many tokens the turns add to a prompt."""
        return sum(token_estimate(turn.content) + _TOKENS_PER_MESSAGE for turn in self.turns())


def repair_of(model_id: ModelId, completion: Completion, fault: str) -> Repair:
    """What to ask for after a bad answer; calls are shown as text, for they may not even be JSON."""
    calls: Sequence[str] = [f"{call.name}({call.arguments})" for call in completion.tool_calls]
    return Repair(model_id, "\n".join([completion.text, *calls]).strip()[:_CHARS_MAX] or "(nothing)", fault)
