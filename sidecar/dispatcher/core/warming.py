"""Which models lose only because they aren't in memory, and when loading one of them for the next caller pays."""

from dataclasses import dataclass, replace

from dispatcher.core.decision import Option, Way
from dispatcher.core.prospects import Prospect, Situation, prospects
from dispatcher.core.selection import PRESETS, Wish, rank
from dispatcher.core.task import ModelId, Objective

_HALF_LIFE_S = 300.0  # a loss this long ago counts half: the wish for that model may be over
_COLD = (Way.LOAD, Way.EVICT)


@dataclass(frozen=True, slots=True)
class Missed:
    """A model that would have been chosen were it warm, and the utility that its absence cost this dispatch."""

    model_id: ModelId
    loss: float


def missed(situation: Situation, wish: Wish, chosen: Option | None) -> tuple[Missed, ...]:
    """List the cold models that would have beaten the choice; `chosen` is None when the dispatch was refused."""
    found, _ = prospects(situation)
    worth = 0.0 if chosen is None else chosen.utility
    losses = [
        Missed(prospect.model_id, _warm_utility(prospect, wish) - worth)
        for prospect in found
        if prospect.way in _COLD and (chosen is None or prospect.model_id != chosen.model_id)
    ]
    return tuple(one for one in losses if one.loss > 0.0)


def _warm_utility(prospect: Prospect, wish: Wish) -> float:
    warm = replace(prospect, finish=prospect.forecast.run, regret_s=0.0)
    options = rank([warm], replace(wish, is_best_effort=False)).options
    return options[0].utility if options else 0.0


@dataclass(frozen=True, slots=True)
class Account:
    """What a model's absence has cost lately, in utility, as of a moment on the monotonic clock."""

    loss: float = 0.0
    at_s: float = 0.0

    def as_of(self, now_s: float) -> "Account":
        """Let time go by."""
        return Account(self.loss * 0.5 ** (max(0.0, now_s - self.at_s) / _HALF_LIFE_S), now_s)

    def with_loss(self, loss: float, now_s: float) -> "Account":
        """Count one more dispatch that missed it."""
        return Account(self.as_of(now_s).loss + loss, now_s)

    def pays(self, load_s: float, regret_s: float, now_s: float) -> bool:
        """Whether the losses so far have reached what a load costs, and what its evictions will.

        Source: rent or buy (Karlin, Manasse, Rudolph, Sleator 1988): who buys when the rent paid equals the price never
        pays more than twice what he would have paid had he known the future.
        """
        price = PRESETS[Objective.BALANCED]
        return self.as_of(now_s).loss >= price.time_per_s * load_s + price.eviction_per_s * regret_s
