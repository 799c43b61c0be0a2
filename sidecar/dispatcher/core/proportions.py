"""In which proportions to try what may be better, so that the best is known soonest."""

from collections.abc import Sequence

_GAP_MIN = 0.02  # of reward: nearer arms are tried as if they were so far apart
_EVEN = 0.25  # of all tries is spread evenly, for means that are still wrong
_STEPS = 60


def proportions(means: Sequence[float], deviation: float) -> tuple[float, ...]:
    """The share of tries that each arm should get, to tell the best from the others; they add up to 1.

    Source: track-and-stop (Garivier & Kaufmann 2016), the optimal proportions for Gaussian arms of one variance with
    the means seen so far plugged in. Instead of tracking them deterministically arms are drawn by them, so that each
    choice has an exact propensity, and a quarter is spread evenly where they add forced exploration.

    Args:
        deviation: of one reward; gaps below a twentieth of it are taken as that.
    """
    count = len(means)
    if count < 2:
        return (1.0,) * count
    best = max(range(count), key=means.__getitem__)
    floor = max(_GAP_MIN, deviation / 20)
    costs = [max(means[best] - mean, floor) ** 2 for place, mean in enumerate(means) if place != best]
    ratios = _ratios(costs)
    ratios.insert(best, 1.0)
    whole = sum(ratios)
    return tuple(_EVEN / count + (1 - _EVEN) * ratio / whole for ratio in ratios)


def _ratios(costs: Sequence[float]) -> list[float]:
    """Tries of each other arm for one of the best: x = y ÷ (gap² − y) for the y at which Σ x² = 1 (their theorem 5)."""
    low, high = 0.0, min(costs)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        is_under = all(cost > middle for cost in costs) and sum((middle / (cost - middle)) ** 2 for cost in costs) < 1
        low, high = (middle, high) if is_under else (low, middle)
    return [low / (cost - low) for cost in costs]
