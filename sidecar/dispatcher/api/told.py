"""What a caller of another protocol is told beside the answer, in headers: which model, why, and the dispatch's id."""

import asyncio
from urllib.parse import quote

from dispatcher.core.decision import Decision
from dispatcher.core.task import DispatchId
from dispatcher.service.choose import Choice
from dispatcher.service.dispatch import Answer

_PLAIN = " !#$&'()*+,/:;=?@[]"  # stays readable; what is not ASCII, and %, is percent-encoded UTF-8


class Told:
    """Follows one dispatch's choices, so that the headers are known before the first byte of a stream."""

    def __init__(self, dispatch_id: DispatchId) -> None:
        self._dispatch_id = dispatch_id
        self._choice: Choice | None = None
        self._why: str | None = None

    def on_choice(self, choice: Choice) -> None:
        """Note a choice; it is put into words while the model works on the prompt."""
        self._choice, self._why = choice, None
        asyncio.get_running_loop().call_soon(self._explain)

    @property
    def model(self) -> str | None:
        """The model of the last choice; None before there was one."""
        return self._choice.decision.chosen.model_id if self._choice else None

    def headers(self) -> dict[str, str]:
        """What is known by now."""
        if self._choice is None:
            return {"x-dispatch-id": self._dispatch_id}
        self._explain()
        return _headers(self._dispatch_id, self._choice.decision, self._why or "")

    def _explain(self) -> None:
        if self._choice is not None and self._why is None:
            self._why = self._choice.explanation().why


def headers_of(answer: Answer) -> dict[str, str]:
    """The headers of a whole answer."""
    return _headers(answer.dispatch_id, answer.decision, answer.explanation.why)


def _headers(dispatch_id: DispatchId, decision: Decision, why: str) -> dict[str, str]:
    return {
        "x-dispatch-id": dispatch_id,
        "x-dispatch-model": decision.chosen.model_id,
        "x-dispatch-task-type": decision.task_type.value,
        "x-dispatch-complexity": decision.complexity.value,
        "x-dispatch-why": quote(why, safe=_PLAIN),
    }
