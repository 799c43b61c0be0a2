"""The rule table: each model's mean quality at each task type, drawn towards what is known more broadly."""

from dataclasses import dataclass

import numpy as np

from dispatcher.learning.examples import TASKS, Examples, Floats, Ints

_DOUBT_OF_ALL = 20.0  # outcomes that the catalogue's general level is worth
_DOUBT_OF_MODEL = 6.0
_DOUBT_OF_TASK = 6.0
_ENOUGH = 200.0  # outcomes of its own, with which a mean needs no support


@dataclass(frozen=True, slots=True)
class TaskTable:
    """Sums of outcomes, from which means follow once the request's prior is known.

    Args:
        offset: by how much all models together fall short of the catalogue here.
        sums, counts: (models, task types), weighted.
    Source: empirical Bayes, catalogue → model → model at a task type.
    """

    offset: float
    sums: Floats
    counts: Floats

    @classmethod
    def fit(cls, examples: Examples) -> "TaskTable":
        """Add up the outcomes."""
        shape = len(examples.facts), TASKS
        cell = examples.model * TASKS + examples.requests.tasks[examples.request]
        size = shape[0] * TASKS
        sums = np.bincount(cell, examples.weight * examples.quality, size).astype(np.float64).reshape(shape)
        counts = np.bincount(cell, examples.weight, size).astype(np.float64).reshape(shape)
        short = float(examples.weight @ (examples.quality - examples.prior))
        return cls(short / (float(examples.weight.sum()) + _DOUBT_OF_ALL), sums, counts)

    def values(self, model: Ints, task: Ints, prior: Floats) -> Floats:
        """Look up expected qualities; a model of -1 is one that has no outcome. All of one shape."""
        broad = np.clip(prior + self.offset, 0.0, 1.0)
        known = model >= 0
        mean = _drawn(self.sums.sum(1)[model] * known, self.counts.sum(1)[model] * known, broad, _DOUBT_OF_MODEL)
        return _drawn(self.sums[model, task] * known, self.counts[model, task] * known, mean, _DOUBT_OF_TASK)


def _drawn(total: Floats, count: Floats, broader: Floats, doubt: float) -> Floats:
    """A mean drawn towards a broader one, the less the more outcomes it has."""
    support = doubt * np.maximum(0.0, 1.0 - count / _ENOUGH)
    found: Floats = (total + support * broader) / (count + support)
    return found
