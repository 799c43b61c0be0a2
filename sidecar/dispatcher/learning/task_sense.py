"""Says what a prompt that came as `auto` is: rules, the shipped table and what callers taught, together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dispatcher.core.classification import complexity_of, likeliest, task_scores, words_of
from dispatcher.core.features import TextFeatures
from dispatcher.core.task import Complexity, TaskType
from dispatcher.core.taught import TaughtCounts
from dispatcher.learning.task_guess import KINDS, TaskWeights
from dispatcher.learning.task_taught import LEVELS, Taught
from dispatcher.learning.task_words import rows_of

_HALF_LIFE_S = 60 * 86_400.0
_RULED_LEAD = 1.5  # nats that what was taught must outweigh before the rules' complexity is given up


@dataclass(frozen=True, slots=True)
class Seen:
    """A prompt as it is looked at here: its words for the rules, its rows for what was learned."""

    text: TextFeatures
    words: str
    rows: Sequence[int]

    @classmethod
    def of(cls, text: TextFeatures) -> "Seen":
        """Look at a prompt."""
        return cls(text, words_of(text), rows_of(text))


class LearnedSense:
    """Guesses and learns. What was taught counts from the next `refresh` on, so that guessing stays one look-up."""

    def __init__(self, weights: TaskWeights, kept: TaughtCounts | None = None) -> None:
        self._shipped = weights
        self._taught = Taught(weights.common, kept)
        self.refresh()

    def task_type(self, prompt: Seen) -> tuple[TaskType, bool]:
        """Name the task type, and say whether what was learned decided it: when it isn't sure, the rules do."""
        scores = task_scores(prompt.text, prompt.words)
        ruled = likeliest(scores, prompt.text)
        guess, chance = self._weights.guess(self._weights.logits(prompt.rows, scores, ruled))
        is_sure = chance >= self._weights.sure_from
        return (guess if is_sure else ruled), is_sure

    def complexity(self, task_type: TaskType, prompt: Seen) -> tuple[Complexity, bool]:
        """Name the complexity, and say whether callers' words turned it: the rules' unless they say otherwise."""
        ruled = complexity_of(task_type, prompt.text, prompt.words)
        if self._levels is None:
            return ruled, False
        nats = self._levels.take(prompt.rows, 0).sum(0) * max(1, len(prompt.rows)) ** -0.5
        nats[LEVELS.index(ruled)] += _RULED_LEAD
        found = LEVELS[int(nats.argmax())]
        return found, found is not ruled

    def learn(self, prompt: Seen, labels: Iterable[str], workflow_id: str | None) -> None:
        """Take in what a caller said a prompt is: task type, complexity or both."""
        self._taught.learn(prompt.rows, labels, workflow_id)

    def fade(self, elapsed_s: float) -> None:
        """Let what was taught count less, this much time having passed."""
        self._taught.fade(0.5 ** (elapsed_s / _HALF_LIFE_S))

    def refresh(self) -> None:
        """Let what was learned since the last time count."""
        lifts = self._taught.lifts()
        self._weights = replace(self._shipped, rows=self._shipped.rows + lifts[:, : len(KINDS)])
        levels = np.ascontiguousarray(lifts[:, len(KINDS) :])
        self._levels = levels if levels.any() else None

    def packed(self) -> TaughtCounts:
        """What was taught, to be written down."""
        return self._taught.packed()
