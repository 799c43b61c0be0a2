"""What a ranker that wasn't asked would have done for the dispatches in the log (off-policy evaluation).

Source: self-normalised importance sampling (Swaminathan & Joachims 2015), doubly robust estimates (Dudík et al. 2014).
Times in the log hold for the memory as it was then: this judges choices among what could have been run, not what to
keep loaded; the simulator is for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatcher.core.evidence import Evidence, Guardrail

_WEIGHT_MAX = 20.0
_RESAMPLES = 2000
_TOLERANCE = 0.01  # of a guardrail, as a share of dispatches

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Result:
    """What a dispatch brought, or is expected to: its utility, and what the guardrails watch, each 0..1."""

    utility: float
    success: float
    late: float
    evicts: float


@dataclass(frozen=True, slots=True)
class Trial:
    """One logged dispatch, and what the new ranker would have done with it.

    Args:
        propensity: chance with which the log chose what it chose.
        agrees: the new ranker chooses the same.
        is_supported: the log might have chosen what the new ranker does.
        got: what was really had.
        expected: what was expected of that choice.
        expected_new: what was expected, by the same forecasts, of the new ranker's choice.
    """

    propensity: float
    agrees: bool
    is_supported: bool
    got: Result
    expected: Result
    expected_new: Result


def evaluate(trials: Sequence[Trial], seed: int) -> Evidence:
    """Estimate what the new ranker would have gained; bounds by 2,000 seeded resamples.

    A dispatch in which the log has no support for its choice counts as no gain and no loss.
    """
    if not trials:
        return Evidence(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    raw = np.array([1 / one.propensity if one.agrees else 0.0 for one in trials])
    weights = np.minimum(raw, _WEIGHT_MAX)
    supported = np.array([one.is_supported or one.agrees for one in trials])
    utility = _column(trials, weights, supported, "utility")
    low = _lower_bound(utility.gain, seed)
    return Evidence(
        dispatches=len(trials),
        effective=float(weights.sum() ** 2 / max(1e-12, (weights**2).sum())),
        unsupported=float(1 - supported.mean()),
        clipped=float((raw - weights).sum() / max(1e-12, raw.sum())),
        snips=float((weights * utility.got).sum() / max(1e-12, weights.sum())),
        utility=float(utility.got.mean()),
        gain=float(utility.gain.mean()),
        gain_low95=low,
        guardrails=tuple(
            _guardrail(name, _column(trials, weights, supported, field), is_good) for name, field, is_good in _GUARDED
        ),
    )


_GUARDED = (
    ("success", "success", True),
    ("answers later than their P90", "late", False),
    ("evictions", "evicts", False),
)


@dataclass(frozen=True, slots=True)
class _Column:
    got: Floats
    gain: Floats  # doubly robust, one a dispatch


def _column(trials: Sequence[Trial], weights: Floats, supported: NDArray[np.bool_], name: str) -> _Column:
    got = np.array([getattr(one.got, name) for one in trials])
    expected = np.array([getattr(one.expected, name) for one in trials])
    new = np.array([getattr(one.expected_new, name) for one in trials])
    robust = new + weights * (got - expected)
    return _Column(got, np.where(supported, robust - got, 0.0))


def _lower_bound(gains: Floats, seed: int) -> float:
    rng = np.random.default_rng(seed)
    means = [gains[rng.integers(len(gains), size=len(gains))].mean() for _ in range(_RESAMPLES)]
    return float(np.quantile(means, 0.05))


def _guardrail(name: str, column: _Column, is_good: bool) -> Guardrail:
    before = float(column.got.mean())
    return Guardrail(name, before, before + float(column.gain.mean()), _TOLERANCE, is_good)
