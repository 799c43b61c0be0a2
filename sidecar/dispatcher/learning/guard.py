"""Whether a learned quality may be trusted beyond the rule table: only if choices by it come out better."""

import numpy as np

from dispatcher.learning.examples import Examples, Floats

_SHARES = (1.0, 0.5, 0.25)
_SURE = 1.64  # standard errors: one-sided 95 %
_PRICES = (0.0, 0.03, 0.1, 0.2, 0.4, 0.8)  # what the dearest model must be better by, than a free one


def trust_in(examples: Examples, table: Floats, learned: Floats) -> float:
    """Say what share of the way from the table to the learned quality to go: 1, a half, a quarter, or 0.

    Args:
        table, learned: (m,) both from parts that haven't seen the outcome they stand for.
    Returns: the share that gains most, of those whose gain is sure. With every model's outcome at hand the gain is in
        quality less price of what would be chosen; otherwise in squared error.
    """
    best, share = 0.0, 0.0
    for tried in _SHARES:
        gain = _gains(examples, table, table + tried * (learned - table))
        mean, error = float(gain.mean()), float(gain.std()) / len(gain) ** 0.5
        if mean > max(best, _SURE * error):
            best, share = mean, tried
    return share


def _gains(examples: Examples, table: Floats, learned: Floats) -> Floats:
    """What each request gains; or each outcome, when only some models have answered a request."""
    if not examples.is_matrix:
        gains: Floats = examples.weight * ((table - examples.quality) ** 2 - (learned - examples.quality) ** 2)
        return gains
    models = len(examples.facts)
    quality = examples.quality.reshape(-1, models)
    price = _prices(examples)
    earned: Floats = np.mean(
        [
            _earned(learned.reshape(-1, models), quality, price * per)
            - _earned(table.reshape(-1, models), quality, price * per)
            for per in _PRICES
        ],
        axis=0,
    )
    return earned


def _prices(examples: Examples) -> Floats:
    """Each model's price as a share of the dearest; what it computes stands in where nothing is charged."""
    usd = np.array([one.usd_per_mtok for one in examples.facts])
    price = usd if usd.max() > 0 else np.array([one.active_b for one in examples.facts])
    shares: Floats = price / max(float(price.max()), 1e-12)
    return shares


def _earned(expected: Floats, quality: Floats, price: Floats) -> Floats:
    chosen = (expected - price).argmax(1)
    earned: Floats = quality[np.arange(len(quality)), chosen] - price[chosen]
    return earned
