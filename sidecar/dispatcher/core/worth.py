"""What a dispatch was worth in the end, on the scale by which options are compared beforehand."""

from dispatcher.core.decision import Decision
from dispatcher.core.reward import Label
from dispatcher.core.selection import PRESETS


def utility_of(decision: Decision, label: Label, total_s: float) -> float:
    """Utility had: what of the answer is known as it is, the rest as it was expected.

    Args:
        total_s: seconds from its arrival to its end, queue and load included.
    """
    weights = PRESETS[decision.objective]
    terms = decision.chosen.terms
    return worth_of(decision, label) - weights.time_per_s * total_s + terms.cost + terms.eviction


def worth_of(decision: Decision, label: Label) -> float:
    """Success times quality, 0..1; a label of little weight moves what was expected only a little."""
    expected = decision.chosen.forecast
    success = expected.success if label.success is None else label.success
    if label.quality is None:
        return success * expected.quality
    return success * (label.weight * label.quality + (1.0 - label.weight) * expected.quality)
