"""With which chance each way of speaking is used for one dispatch, and which one is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dispatcher.core.proportions import proportions

CANARY_SHARE = 0.1
_SHARE_MAX = 0.5
_DEVIATION = 0.4  # of one reward, about


@dataclass(frozen=True, slots=True)
class Arm:
    """A way that might be used instead of the usual one.

    Args:
        gain: mean reward beyond that of the usual one; 0 while nothing is known.
        is_canary: on trial with a share of its own, beside exploration.
    """

    version: int
    gain: float
    is_canary: bool


def chances(usual: int, others: Sequence[Arm], share: float) -> Mapping[int, float]:
    """The chance of each version, all adding up to 1; with a share of 0 it is always the usual one.

    Args:
        share: of dispatches that may be used to explore, 0..1; shared out so that the best is known soonest.
    """
    if share <= 0.0 or not others:
        return {usual: 1.0}
    found = {arm.version: CANARY_SHARE for arm in others if arm.is_canary}
    tried = [arm for arm in others if not arm.is_canary]
    _, *parts = proportions([0.0, *(arm.gain for arm in tried)], _DEVIATION)
    scale = min(share, _SHARE_MAX) / sum(parts) if parts else 0.0
    found |= {arm.version: part * scale for arm, part in zip(tried, parts, strict=True)}
    return {usual: 1.0 - sum(found.values()), **found}


def drawn(chance_of: Mapping[int, float], draw: float) -> int:
    """The version on which a number drawn evenly from 0..1 falls."""
    version = next(iter(chance_of))
    for version, chance in chance_of.items():
        draw -= chance
        if draw < 0.0:
            return version
    return version
