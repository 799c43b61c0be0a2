"""Chooses on prompts that weren't learned from, with every model's outcome known: quality for money."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from dispatcher.core.node_quality import NodeQuality
from dispatcher.learning.examples import Floats
from dispatcher.learning.frontier import Played, Summary, chosen, differences, play
from scripts.bench.routes.data import Table, load
from scripts.bench.routes.metrics import apgr
from scripts.bench.routes.routers import (
    by_neighbours,
    by_task,
    by_topic,
    encoder_of,
    expected_cost,
    ours,
    ours_crossed,
)

_FOLDS = 10
_FINE_PRICES = np.concatenate(([0.0], np.geomspace(1e-3, 1e1, 400)))
_LABELS = 1500
_KEEP = 0.99
_COST_WEIGHT = 0.2  # as online: the dearest model must be so much better than a free one


@dataclass(frozen=True, slots=True)
class Spent:
    """A price that was chosen beforehand, spent once: shares of the best single model's quality and cost."""

    kept: float
    saved: float

    @property
    def saved_at_99(self) -> float:
        """What is saved when enough requests go to the best single model instead to keep 99 %, if less was kept."""
        if self.kept >= _KEEP:
            return self.saved
        return self.saved * (1 - _KEEP) / (1 - self.kept)


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean of draws, and the ends of the interval in which 95 % of them lie."""

    low: float
    mean: float
    high: float


@dataclass(frozen=True, slots=True)
class Offline:
    """One table's numbers: each router's summary by name, ours against the rule table, and the price spent."""

    name: str
    summaries: dict[str, Summary]
    over_table: Interval
    spent: Spent
    table_spent: Spent
    closed_to_node: float
    closed_to_prompt: float


def measure(data: Path, judge: Path | None, name: str, draws: int, repeats: int = 1) -> Offline:
    """Fit on one part and measure on the other; `repeats` cross-validations decide on the price to spend."""
    fit, judged = parts(data, judge, name)
    encoder = encoder_of(fit)
    crossed = [ours_crossed(fit, encoder, _FOLDS, seed) for seed in range(repeats)]
    mine, table = ours(fit, judged, encoder), by_task(fit, judged)
    cost = expected_cost(fit, judged)
    of = partial(play, expected_cost=cost, quality=judged.quality, cost=judged.cost_usd)
    best = of(mine)
    rows = {"AI Dispatch": best, "rule table (task type)": of(table)}
    rows |= {"k nearest prompts": of(by_neighbours(fit, judged)), "told the benchmark*": of(by_topic(fit, judged))}
    rows |= _simple(judged)
    rows["oracle"] = play(judged.quality, judged.cost_usd, judged.quality, judged.cost_usd)
    closed = _closed_by_key(fit, judged, mine, cost)
    return Offline(
        name,
        {key: row.summary() for key, row in rows.items()},
        _interval(differences(best, rows["rule table (task type)"], draws, 0)),
        _spend(fit, judged, crossed, mine, cost),
        _spend(fit, judged, [_crossed(fit, by_task)], table, cost),
        *closed,
    )


def parts(data: Path, judge: Path | None, name: str) -> tuple[Table, Table]:
    """What to fit and what to measure on."""
    whole = load(data, name)
    return (whole, load(judge, name)) if judge else whole.halves()


def pair_apgr(data: Path, judge: Path | None, draws: int) -> tuple[float, float]:
    """RouteLLM's MMLU rows: learn 1,500 labels, be judged on all others; mean and deviation over the draws.

    Without the guard: for one task type a rule table has no order of prompts to fall back to.
    """
    fit, judged = (one.take(one.topics != "gsm8k") for one in parts(data, judge, "routellm2"))
    found, encoder = [], encoder_of(fit)
    for seed in range(draws):
        order = np.random.default_rng(seed).permutation(len(fit))
        learned, rest = fit.take(order[:_LABELS]), fit.take(order[_LABELS:])
        others = judged if judge else _joined(rest, judged)
        expected = ours(learned, others, encoder, seed, is_guarded=False)
        found.append(apgr(expected[:, 1] - expected[:, 0], others.quality[:, 0], others.quality[:, 1]))
    return float(np.mean(found)), float(np.std(found))


def _interval(draws: Floats) -> Interval:
    low, high = np.quantile(draws, (0.025, 0.975))
    return Interval(float(low), float(draws.mean()), float(high))


def _joined(one: Table, other: Table) -> Table:
    arrays = (name for name in one.__slots__ if name not in ("name", "facts"))
    return replace(one, **{name: np.concatenate((getattr(one, name), getattr(other, name))) for name in arrays})


def _simple(judged: Table) -> dict[str, Played]:
    """Routers that look at nothing: one model always, or any."""
    usd = judged.price_usd()
    always = {"always the cheapest": usd.argmin(), "always the dearest": usd.argmax()}
    every = {"random": Played(*(one.mean(1)[None] for one in (judged.quality, judged.cost_usd)), *_all(judged))}
    return every | {
        name: Played(judged.quality[:, one][None], judged.cost_usd[:, one][None], *_all(judged))
        for name, one in always.items()
    }


def _all(table: Table) -> tuple[Floats, Floats]:
    return table.quality, table.cost_usd


def _crossed(fit: Table, router: Callable[[Table, Table], Floats]) -> Floats:
    fold = np.random.default_rng(0).permutation(len(fit)) % _FOLDS
    found = np.empty_like(fit.quality)
    for one in range(_FOLDS):
        found[fold == one] = router(fit.take(fold != one), fit.take(fold == one))
    return found


def _spend(fit: Table, judged: Table, crossed: Sequence[Floats], expected: Floats, cost: Floats) -> Spent:
    """Choose the price that saves most and keeps 99 % by cross-validation on the fit part, and spend it once."""
    own_cost = expected_cost(fit, fit)
    scale = float(own_cost.mean())
    best = int(fit.quality.mean(0).argmax())
    tried = [_mean([_come(fit, one, own_cost, price, scale, best) for one in crossed]) for price in _FINE_PRICES]
    enough = [at for at, one in enumerate(tried) if one.kept >= _KEEP]
    price = _FINE_PRICES[max(enough, key=lambda at: tried[at].saved)] if enough else 0.0
    return _come(judged, expected, cost, price, scale, best)


def _come(table: Table, expected: Floats, cost: Floats, price: float, scale: float, best: int) -> Spent:
    pick, every = chosen(expected, cost, price, scale), np.arange(len(table))
    quality, spent = table.quality[every, pick].mean(), table.cost_usd[every, pick].mean()
    return Spent(float(quality / table.quality[:, best].mean()), float(1 - spent / table.cost_usd[:, best].mean()))


def _mean(some: Sequence[Spent]) -> Spent:
    return Spent(sum(one.kept for one in some) / len(some), sum(one.saved for one in some) / len(some))


def _closed_by_key(fit: Table, judged: Table, mine: Floats, cost: Floats) -> tuple[float, float]:
    """How much of the way to an oracle a node's own history goes: to the best model for each node, and for each prompt.

    A node draws from one topic; its history are the fit part's outcomes there. An oracle knows the judged outcomes.
    """
    own = NodeQuality()
    names = [one.model_id for one in fit.facts]
    for topic, seen in zip(fit.topics, fit.quality, strict=True):
        for model_id, quality in zip(names, seen, strict=True):
            own.learn(topic, model_id, float(quality))
    keyed = np.array([own.blend(topic, names, row) for topic, row in zip(judged.topics, mine, strict=True)])
    dearest = judged.cost_usd.mean(0).max()
    reward = judged.quality - _COST_WEIGHT * judged.cost_usd / dearest
    price, every = _COST_WEIGHT * cost / dearest, np.arange(len(judged))
    without, with_key = (reward[every, (one - price).argmax(1)].mean() for one in (mine, keyed))
    by_node = np.mean([reward[judged.topics == topic].mean(0).max() for topic in judged.topics])
    by_prompt = reward.max(1).mean()
    return float((with_key - without) / (by_node - without)), float((with_key - without) / (by_prompt - without))
