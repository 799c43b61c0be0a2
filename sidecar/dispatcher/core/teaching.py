"""How much of what a workflow teaches counts, so that none teaches all others what it likes."""

from collections import OrderedDict
from collections.abc import Iterable

from dispatcher.core.taught import TaughtShare

_ALWAYS = 10.0  # examples of a label that anyone may teach
_SHARE_MAX = 0.25  # of all examples of a label, beyond those
_WORKFLOWS_MAX = 1024  # workflows and labels that are told apart
_REST = ""  # gathers the others, and callers who name no workflow


class Teaching:
    """Keeps, for each label, how many examples each workflow has taught."""

    def __init__(self, shares: Iterable[TaughtShare] = ()) -> None:
        self._examples: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._by_label: dict[str, float] = {}
        for share in shares:
            self._add(share.workflow_id, share.label, share.examples)

    def admit(self, workflow_id: str | None, label: str) -> float:
        """Take in one more example. Returns: how much of it counts, 0..1."""
        workflow = workflow_id or _REST
        taught = self._examples.get((workflow, label), 0.0)
        others = self._by_label.get(label, 0.0) - taught
        room = _ALWAYS + _SHARE_MAX / (1 - _SHARE_MAX) * others - taught
        counted = max(0.0, min(1.0, room))
        self._add(workflow, label, counted)
        return counted

    def fade(self, factor: float) -> None:
        """Let all that was taught so far count less."""
        for key in self._examples:
            self._examples[key] *= factor
        self._by_label = {label: examples * factor for label, examples in self._by_label.items()}

    def shares(self) -> tuple[TaughtShare, ...]:
        """Who has taught what, to be written down."""
        return tuple(TaughtShare(*key, examples) for key, examples in self._examples.items() if examples > 0)

    def _add(self, workflow: str, label: str, examples: float) -> None:
        key = (workflow, label)
        self._examples[key] = self._examples.get(key, 0.0) + examples
        self._examples.move_to_end(key)
        self._by_label[label] = self._by_label.get(label, 0.0) + examples
        while len(self._examples) > _WORKFLOWS_MAX:
            self._merge_oldest()

    def _merge_oldest(self) -> None:
        (_, label), examples = self._examples.popitem(last=False)
        self._examples[_REST, label] = self._examples.get((_REST, label), 0.0) + examples
