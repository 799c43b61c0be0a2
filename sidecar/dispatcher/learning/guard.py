"""Whether a learned quality may be trusted beyond the rule table: only if choices by it come out better."""

from dispatcher.learning.examples import Examples, Floats
from dispatcher.learning.frontier import differences, play

_SHARES = (1.0, 0.5)
_SURE = 3.0  # standard errors: as several shares are tried, and the table costs nothing to keep
_DRAWS = 60


def trust_in(examples: Examples, table: Floats, learned: Floats, seed: int) -> float:
    """Say what share of the way from the table to the learned quality to go: 1, a half, or 0.

    Args:
        table, learned: (m,) both from parts that haven't seen the outcome they stand for.
    Returns: the largest share whose gain is sure. With every model's outcome at hand the gain is in quality for money;
        otherwise in squared error.
    """
    for share in _SHARES:
        mean, error = _gain(examples, table, table + share * (learned - table), seed)
        if mean > _SURE * error:
            return share
    return 0.0


def _gain(examples: Examples, table: Floats, learned: Floats, seed: int) -> tuple[float, float]:
    """The mean gain and its standard error."""
    if not examples.is_matrix:
        gains = examples.weight * ((table - examples.quality) ** 2 - (learned - examples.quality) ** 2)
        return float(gains.mean()), float(gains.std()) / len(gains) ** 0.5
    wide = -1, len(examples.facts)
    cost, quality = examples.cost.reshape(wide), examples.quality.reshape(wide)
    apart = differences(
        play(learned.reshape(wide), cost, quality, cost), play(table.reshape(wide), cost, quality, cost), _DRAWS, seed
    )
    return float(apart.mean()), float(apart.std())
