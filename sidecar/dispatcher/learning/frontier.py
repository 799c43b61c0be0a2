"""What choosing by expected quality is worth: quality for money, as those who publish routers measure it.

Source: the non-decreasing hull and AIQ are RouterBench's (arXiv 2403.12031).
"""

from dataclasses import dataclass

import numpy as np

from dispatcher.learning.examples import Floats, Ints

PRICES = np.concatenate(([0.0], np.geomspace(1e-3, 1e2, 60), [1e6]))
"""What a mean request's cost must bring in quality, from 'quality alone' to 'cheapest alone'."""


@dataclass(frozen=True, slots=True)
class Played:
    """What choosing by one price after the other came to: (prices, prompts) each; and each single model's."""

    quality: Floats
    cost: Floats
    all_quality: Floats
    all_cost: Floats

    def summary(self, weight: Floats | None = None) -> "Summary":
        """Sum up; `weight` (prompts,) is how often each prompt counts."""
        share = np.full(self.quality.shape[1], 1.0) if weight is None else weight
        share = share / share.sum()
        singles, their_cost = share @ self.all_quality, share @ self.all_cost
        edge = hull(self.cost @ share, self.quality @ share)
        best = int(singles.argmax())
        needed = 0.99 * singles[best]
        saved = 1 - np.interp(needed, edge[:, 1], edge[:, 0]) / their_cost[best] if needed <= edge[-1, 1] else np.nan
        return Summary(aiq(edge, float(their_cost.min()), float(their_cost.max())), float(edge[-1, 1]), float(saved))


@dataclass(frozen=True, slots=True)
class Summary:
    """AIQ, the best quality at any price, and the cost saved at 99 % of the best single model's quality (read off)."""

    aiq: float
    quality_max: float
    saved_at_99: float


def chosen(expected: Floats, cost: Floats, price: float, scale: float) -> Ints:
    """Which model has the best expected quality less price × expected cost; `scale` is what one price buys."""
    found: Ints = (expected - price / scale * cost).argmax(1)
    return found


def play(expected: Floats, expected_cost: Floats, quality: Floats, cost: Floats) -> Played:
    """Choose at every price of PRICES; all arrays (prompts, models)."""
    every, scale = np.arange(len(quality)), float(expected_cost.mean())
    picks = [chosen(expected, expected_cost, price, scale) for price in PRICES]
    return Played(
        np.array([quality[every, pick] for pick in picks]),
        np.array([cost[every, pick] for pick in picks]),
        quality,
        cost,
    )


def hull(cost: Floats, quality: Floats) -> Floats:
    """The non-decreasing upper hull as (points, 2): mixing is allowed, paying more for less is not."""
    kept: list[tuple[float, float]] = []
    for point in sorted(zip(cost.tolist(), quality.tolist(), strict=True)):
        if kept and point[1] <= kept[-1][1]:
            continue
        if kept and point[0] == kept[-1][0]:
            kept.pop()
        while len(kept) > 1 and _slope(kept[-2], kept[-1]) <= _slope(kept[-2], point):
            kept.pop()
        kept.append(point)
    return np.array(kept)


def _slope(left: tuple[float, float], right: tuple[float, float]) -> float:
    return (right[1] - left[1]) / (right[0] - left[0])


def aiq(edge: Floats, low: float, high: float) -> float:
    """Mean quality on a hull between two costs."""
    at = np.linspace(low, high, 2001)
    return float(np.trapezoid(np.interp(at, edge[:, 0], edge[:, 1]), at) / (high - low))


def differences(one: Played, other: Played, draws: int, seed: int) -> Floats:
    """AIQ of one less the other's on the same prompts, drawn again and again (paired bootstrap). Shape (draws,)."""
    rng, count = np.random.default_rng(seed), one.quality.shape[1]
    apart = []
    for _ in range(draws):
        weight = np.bincount(rng.integers(count, size=count), minlength=count).astype(np.float64)
        apart.append(one.summary(weight).aiq - other.summary(weight).aiq)
    return np.array(apart)
