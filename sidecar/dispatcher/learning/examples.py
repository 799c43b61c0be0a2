"""What a quality model learns from: requests as numbers, and how well some models answered them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatcher.core.features import FEATURES, WORK, RequestFeatures

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

TASKS = len(WORK)
SIZES = len(FEATURES) - TASKS
"""How many of a request's numbers come before the task types, which are the last."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model before it has answered anything.

    `prior_quality` is the catalogue's, 0 to 1, for the request's task type and complexity; `active_b` are the billions
    of parameters that a token passes through.
    """

    model_id: str
    parameters_b: float
    active_b: float
    usd_per_mtok: float
    prior_quality: float


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests as a ranker sees them: `numbers` (n, FEATURES) and `vectors` (n, width of the text encoder)."""

    numbers: Floats
    vectors: Floats

    @classmethod
    def of(cls, rows: Sequence[RequestFeatures]) -> "Requests":
        """Stack requests, all of one version of the features."""
        return cls(np.array([row.numbers for row in rows]), np.array([row.text for row in rows]))

    @property
    def tasks(self) -> Ints:
        """Each request's task type, as its place in WORK."""
        found: Ints = self.numbers[:, SIZES:].argmax(1)
        return found

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_]) -> "Requests":
        """Keep some of the requests."""
        return Requests(self.numbers[index], self.vectors[index])

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True)
class Examples:
    """Outcomes, one a row of the last arrays: of which request, by which model, how good.

    Args:
        facts: of each model; its `prior_quality` is not used, `prior` is.
        request, model: (m,) places in `requests` and `facts`.
        prior: (m,) the catalogue's quality for that request and model.
        quality: (m,) 0 to 1.
        weight: (m,) how much an outcome counts.
        cost: (m,) what it was expected to cost, in any unit: what quality is weighed against.
        group: (n,) requests with the same number are never split between fitting and checking.
    """

    requests: Requests
    facts: tuple[ModelFacts, ...]
    request: Ints
    model: Ints
    prior: Floats
    quality: Floats
    weight: Floats
    cost: Floats
    group: Ints

    @classmethod
    def matrix(
        cls, requests: Requests, facts: Sequence[ModelFacts], prior: Floats, quality: Floats, cost: Floats
    ) -> "Examples":
        """Every model's outcome on every request; `prior`, `quality` and `cost` are (requests, models)."""
        rows, columns = quality.shape
        every = np.arange(rows)
        return cls(
            requests,
            tuple(facts),
            np.repeat(every, columns),
            np.tile(np.arange(columns), rows),
            prior.ravel(),
            quality.ravel(),
            np.ones(rows * columns),
            cost.ravel(),
            every,
        )

    @property
    def is_matrix(self) -> bool:
        """Whether each request has each model's outcome, in order."""
        columns = len(self.facts)
        return len(self.quality) == len(self.requests) * columns and bool(
            (self.model.reshape(-1, columns) == np.arange(columns)).all()
            and (self.request.reshape(-1, columns) == np.arange(len(self.requests))[:, None]).all()
        )

    def only(self, keep: NDArray[np.bool_]) -> "Examples":
        """Keep some outcomes (m,); the requests stay, so places in them keep their meaning."""
        return Examples(
            self.requests,
            self.facts,
            self.request[keep],
            self.model[keep],
            self.prior[keep],
            self.quality[keep],
            self.weight[keep],
            self.cost[keep],
            self.group,
        )

    def folds(self, count: int, seed: int) -> Ints:
        """Deal the outcomes out, whole groups together; the same groups and seed give the same folds. Shape (m,)."""
        _names, group = np.unique(self.group, return_inverse=True)
        dealt = np.random.default_rng(seed).permutation(int(group.max()) + 1) % count
        return dealt[group[self.request]].astype(np.intp)
