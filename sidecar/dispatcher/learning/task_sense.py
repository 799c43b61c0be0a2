"""Says what a prompt that came as `auto` is: rules, the shipped table and what callers taught, together."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from dispatcher.core.classification import complexity_of, likeliest, task_scores
from dispatcher.core.features import TextFeatures
from dispatcher.core.task import Complexity, TaskType
from dispatcher.core.taught import TaughtCounts
from dispatcher.learning.task_guess import KINDS, TaskWeights
from dispatcher.learning.task_taught import LEVELS, Taught

_HALF_LIFE_S = 60 * 86_400.0
_RULED_LEAD = 1.5  # nats that what was taught must outweigh before the rules' complexity is given up


class LearnedSense:
    """Guesses and learns. What was taught counts from the next `refresh` on, so that guessing stays one look-up.

    `rows` are always those of the prompt's `rows_of`.
    """

    def __init__(self, weights: TaskWeights, kept: TaughtCounts | None = None) -> None:
        self._shipped = weights
        self._taught = Taught(weights.common, kept)
        self.refresh()

    def task_type(self, text: TextFeatures, rows: Sequence[int]) -> tuple[TaskType, bool]:
        """Name the task type, and say whether what was learned decided it: when it isn't sure, the rules do."""
        scores = task_scores(text)
        ruled = likeliest(scores, text)
        guess, chance = self._weights.guess(self._weights.logits(rows, scores, ruled))
        is_sure = chance >= self._weights.sure_from
        return (guess if is_sure else ruled), is_sure

    def complexity(self, task_type: TaskType, text: TextFeatures, rows: Sequence[int]) -> tuple[Complexity, bool]:
        """Name the complexity, and say whether callers' words turned it: the rules' unless they say otherwise."""
        ruled = complexity_of(task_type, text)
        nats = self._levels.take(rows, 0).sum(0) * max(1, len(rows)) ** -0.5
        nats[LEVELS.index(ruled)] += _RULED_LEAD
        found = LEVELS[int(nats.argmax())]
        return found, found is not ruled

    def learn(self, rows: Sequence[int], labels: Iterable[str], workflow_id: str | None) -> None:
        """Take in what a caller said a prompt is: task type, complexity or both."""
        self._taught.learn(rows, labels, workflow_id)

    def fade(self, elapsed_s: float) -> None:
        """Let what was taught count less, this much time having passed."""
        self._taught.fade(0.5 ** (elapsed_s / _HALF_LIFE_S))

    def refresh(self) -> None:
        """Let what was learned since the last time count."""
        lifts = self._taught.lifts()
        self._weights = replace(self._shipped, rows=self._shipped.rows + lifts[:, : len(KINDS)])
        self._levels = np.ascontiguousarray(lifts[:, len(KINDS) :])

    def packed(self) -> TaughtCounts:
        """What was taught, to be written down."""
        return self._taught.packed()
