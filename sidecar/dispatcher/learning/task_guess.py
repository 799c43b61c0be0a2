"""Which task type a prompt has, learned from prompts whose task type is known; the signal words are one witness."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

from dispatcher.core.task import TaskType
from dispatcher.learning.task_words import ROWS

KINDS: tuple[TaskType, ...] = tuple(kind for kind in TaskType if kind not in (TaskType.AUTO, TaskType.EMBEDDING))
"""The task types that can be guessed, in the order of a table's columns."""

_PLACES: dict[TaskType, int] = {kind: place for place, kind in enumerate(KINDS)}
_WORTH_MAX, _WORTH = 6, 3.0  # of the rules' scores: a sign that names the task is worth 3


@dataclass(frozen=True, slots=True)
class TaskWeights:
    """Softmax regression, fitted by `scripts/tasks`.

    Args:
        version: names the fit.
        rows: float32, (ROWS, kinds): of hashed words and shapes, see `task_words`.
        scores: float32, (kinds, kinds): of the rules' scores.
        leaders: float32, (kinds, kinds): of the task type that the rules would take.
        bias: float32, (kinds,).
        common: float32, (ROWS,): the share of the fitted prompts that switch a row on.
        sure_from: the least probability at which the likeliest counts; below it the rules' answer stands.
    """

    version: str
    rows: NDArray[np.float32]
    scores: NDArray[np.float32]
    leaders: NDArray[np.float32]
    bias: NDArray[np.float32]
    common: NDArray[np.float32]
    sure_from: float

    def __post_init__(self) -> None:
        kinds, parts = len(KINDS), (self.rows, self.scores, self.leaders, self.bias, self.common)
        shapes = [part.shape for part in parts]
        if shapes != [(ROWS, kinds), (kinds, kinds), (kinds, kinds), (kinds,), (ROWS,)]:
            raise ValueError(f"a table of task types has other shapes than these: {shapes}")
        if not all(np.isfinite(part).all() for part in parts):
            raise ValueError("a table of task types must have finite numbers only")

    def logits(self, rows: Sequence[int], scores: Mapping[TaskType, int], leader: TaskType) -> NDArray[np.float32]:
        """Weigh what speaks for each task type, in nats. Shape (kinds,)."""
        found: NDArray[np.float32] = self.rows.take(rows, 0).sum(0)
        found *= max(1, len(rows)) ** -0.5
        found += self.leaders[_PLACES[leader]]
        found += self.bias
        for kind, score in scores.items():
            found += self.scores[_PLACES[kind]] * (min(score, _WORTH_MAX) / _WORTH)
        return found

    def guess(self, logits: NDArray[np.float32]) -> tuple[TaskType, float]:
        """Name the likeliest task type and its probability."""
        nats: list[float] = logits.tolist()
        most = max(nats)
        return KINDS[nats.index(most)], 1.0 / sum(exp(one - most) for one in nats)
