"""Whether a learned quality may be trusted beyond the rule table: only if choices by it come out better."""

from dispatcher.learning.examples import Examples, Floats
from dispatcher.learning.frontier import differences, play

_SURE = 3.0  # standard errors: the table costs nothing to keep, and folds of one fit are not independent
_DRAWS = 60


def is_trusted(examples: Examples, table: Floats, learned: Floats, seed: int) -> bool:
    """Say whether the learned quality may answer in the table's stead.

    Args:
        table, learned: (m,) both from parts that haven't seen the outcome they stand for.
    Returns: whether its gain is sure. With every model's outcome at hand that is in quality for money; otherwise in
        squared error.
    """
    mean, error = _gain(examples, table, learned, seed)
    return mean > _SURE * error


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
