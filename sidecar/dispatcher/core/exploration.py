"""When to take another option than the best, so that what isn't known gets known: rarely, cheaply, at exact odds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dispatcher.core.task import ModelId

_MODELS_MAX = 1024


class Chance(Protocol):
    """Where chance comes from: a `random.Random`, with a seed that its owner knows."""

    def random(self) -> float:
        """A number drawn evenly from 0 up to 1."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One option as exploration sees it.

    Args:
        utility: what it is expected to be worth, on the scale of quality (0..1).
        doubt: standard deviation of that expectation; of what could be learned, without an answer's luck.
        tries: how many judged answers of the model stand behind it.
        is_safe: taking it keeps every promise: the deadline, the privacy, and everyone's warm models.
    """

    model_id: str
    utility: float
    doubt: float
    tries: float
    is_safe: bool


@dataclass(frozen=True, slots=True)
class Pick:
    """What was chosen, and the exact chance with which it was. `explored` says that it isn't the best."""

    index: int
    propensity: float
    explored: bool


THE_BEST = Pick(index=0, propensity=1.0, explored=False)
"""Of a choice that leaves nothing to chance."""


@dataclass(frozen=True, slots=True)
class Exploration:
    """How much may be explored.

    Args:
        share: of dispatches, 0..1, spent on others than the best; 0 switches everything off, trials too.
        trials: how often a model that nobody knows here may be tried beside that.
        trial_share: of dispatches, while there is a model to try.
        reach: standard deviations by which a model on trial may be underestimated; below that it is ruled out.
        gap_weight: gamma of inverse-gap weighting after one judged answer; grows with the square root of their number.
    """

    share: float = 0.02
    trials: int = 15
    trial_share: float = 0.1
    reach: float = 0.7
    gap_weight: float = 10.0


class Explorer:
    """Chooses among options; remembers only how often each model was tried.

    Args:
        tried: trials already spent, by model.
    """

    def __init__(self, settings: Exploration, tried: Mapping[ModelId, int] | None = None) -> None:
        self._settings = settings
        self._tried: dict[str, int] = {str(name): count for name, count in (tried or {}).items()}

    def pick(self, contenders: Sequence[Contender], rng: Chance, *, may_explore: bool = True) -> Pick:
        """Choose one of the contenders, which stand in falling order of utility.

        Args:
            may_explore: False where the caller wants the best and nothing else.
        """
        odds = self.chances(contenders) if may_explore else _certain(contenders)
        index = _drawn(odds, rng)
        chosen = contenders[index]
        if index and self._is_on_trial(chosen, contenders[0]):
            self._count(chosen.model_id)
        return Pick(index, odds[index], explored=chosen.model_id != contenders[0].model_id)

    def chances(self, contenders: Sequence[Contender]) -> tuple[float, ...]:
        """The chance of each contender, all adding up to 1: some for trials, some by gap, the rest for the best.

        Source: inverse-gap weighting (Abe & Long 1999; SquareCB, Foster & Rakhlin 2020), cut off at the share.
        """
        if self._settings.share <= 0.0 or len(contenders) < 2:
            return _certain(contenders)
        by_gap = self._by_gap(contenders)
        on_trial = self._by_trial(contenders)
        for_trials = sum(on_trial)
        others = [trial + (1.0 - for_trials) * gap for trial, gap in zip(on_trial, by_gap, strict=True)]
        return (1.0 - sum(others), *others[1:])

    def reset(self, model_id: str) -> None:
        """Let a model be tried anew: its weights have changed."""
        self._tried.pop(model_id, None)

    def _by_gap(self, contenders: Sequence[Contender]) -> list[float]:
        """1 ÷ (K + gamma·gap) for each safe contender but the best, together at most the share."""
        best = contenders[0]
        safe = [one.is_safe and one.model_id != best.model_id for one in contenders]
        gamma = self._settings.gap_weight * (1.0 + max(one.tries for one in contenders)) ** 0.5
        raw = [
            1.0 / (1 + sum(safe) + gamma * (best.utility - one.utility)) if is_safe else 0.0
            for one, is_safe in zip(contenders, safe, strict=True)
        ]
        return _at_most(self._settings.share, raw)

    def _by_trial(self, contenders: Sequence[Contender]) -> list[float]:
        """Those on trial by how good they may turn out to be, together the share for trials."""
        best = contenders[0]
        reach = self._settings.reach
        hopes = [
            one.utility + reach * one.doubt - best.utility if self._is_on_trial(one, best) else 0.0
            for one in contenders
        ]
        total = sum(hopes)
        return [self._settings.trial_share * hope / total if total > 0.0 else 0.0 for hope in hopes]

    def _is_on_trial(self, one: Contender, best: Contender) -> bool:
        tries = max(one.tries, self._tried.get(one.model_id, 0))
        may_be_best = one.utility + self._settings.reach * one.doubt > best.utility
        return one.is_safe and one.model_id != best.model_id and tries < self._settings.trials and may_be_best

    def _count(self, model_id: str) -> None:
        self._tried[model_id] = self._tried.pop(model_id, 0) + 1
        if len(self._tried) > _MODELS_MAX:
            del self._tried[next(iter(self._tried))]


def _certain(contenders: Sequence[Contender]) -> tuple[float, ...]:
    return (1.0, *(0.0 for _ in contenders[1:]))


def _at_most(share: float, raw: list[float]) -> list[float]:
    scale = min(1.0, share / total) if (total := sum(raw)) > 0.0 else 0.0
    return [part * scale for part in raw]


def _drawn(odds: Sequence[float], rng: Chance) -> int:
    """The index on which an even draw falls; never one without a chance."""
    draw = rng.random()
    for index, chance in enumerate(odds):
        draw -= chance
        if draw < 0.0 and chance > 0.0:
            return index
    return 0
