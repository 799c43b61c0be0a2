"""A stream of requests of which each one's outcome is known of the chosen model only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dispatcher.core.task import TaskType
from dispatcher.learning.examples import Floats, Ints
from scripts.bench.routes.data import Table

COST_WEIGHT = 0.2  # the dearest model must be so much better than a free one
_FIRST = 500


@dataclass(frozen=True, slots=True)
class Stream:
    """A table as a stream. Arrays are (requests,), (requests, models) or (requests, width of the vectors).

    Args:
        base: the quality expected before anything is learned here.
        usd_weight: what a dollar takes off the reward.
        reward: quality less `usd_weight` times cost.
    """

    models: tuple[str, ...]
    tasks: tuple[TaskType, ...]
    vectors: Floats
    base: Floats
    tokens_in: Floats
    tokens_out: Floats
    usd_per_token: Floats
    usd_weight: float
    quality: Floats
    reward: Floats

    @classmethod
    def of(cls, table: Table, vectors: Floats, base: Floats, usd_mean_max: float | None = None) -> "Stream":
        """Play a table; `usd_mean_max` is the dearest model's mean cost, the table's own unless given."""
        weight = COST_WEIGHT / (usd_mean_max or float(table.cost_usd.mean(0).max()))
        return cls(
            tuple(one.model_id for one in table.facts),
            tuple(TaskType(task) for task in table.tasks),
            vectors,
            base,
            table.tokens_in,
            table.tokens_out,
            table.price_usd(),
            weight,
            table.quality,
            table.quality - weight * table.cost_usd,
        )


class Player(Protocol):
    """Chooses a model for each request, then learns how that went."""

    def choose(self, request: int, present: Ints) -> int:
        """Choose one of the models that are there, all given by their places."""

    def learn(self, request: int, model: int) -> None:
        """See the outcome of the chosen model."""


@dataclass(frozen=True, slots=True)
class Score:
    """How a stream went: rewards a request, and shares of the way from the best single model to the oracle."""

    reward: float
    gain: float
    last_quarter: float
    first500: float
    oracle: float
    fixed: float


def play(stream: Stream, player: Player, order: Ints, absent: Callable[[int], Sequence[int]] | None = None) -> Score:
    """Play requests in this order.

    Args:
        absent: models that aren't there at a step, by its number.
    """
    here = np.ones((len(order), len(stream.models)), bool)
    picks = np.empty(len(order), np.intp)
    for step, request in enumerate(order):
        if absent is not None:
            here[step, list(absent(step))] = False
        picks[step] = player.choose(int(request), np.flatnonzero(here[step]))
        player.learn(int(request), int(picks[step]))
    return _score(np.where(here, stream.reward[order], -np.inf), picks, stream.reward.mean(0))


def _score(reward: Floats, picks: Ints, mean: Floats) -> Score:
    """The best single model is known only afterwards; while it is away, the next best stands in for it."""
    every = np.arange(len(picks))
    got, oracle = reward[every, picks], reward.max(1)
    fixed = reward[every, np.where(np.isfinite(reward), mean, -np.inf).argmax(1)]
    last = slice(len(picks) - len(picks) // 4, None)

    def gain(part: slice) -> float:
        return float((got[part] - fixed[part]).mean() / (oracle[part] - fixed[part]).mean())

    return Score(
        float(got.mean()),
        gain(slice(None)),
        gain(last),
        float((got - fixed)[:_FIRST].mean()),
        float(oracle.mean()),
        float(fixed.mean()),
    )
