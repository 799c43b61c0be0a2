"""When to take another option than the best, so that what isn't known gets known: rarely, cheaply, at exact odds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dispatcher.core.task import ModelId

_MODELS_MAX = 1024
_UNSURE = 0.1  # standard deviation of a gap, from which on it is weighed more
_DOUBT_MIN = 0.01  # no forecast of quality is better than that


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
        tries: how many judged answers of the model stand behind it, those a shipped prior has learned from included.
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
        reach: by how many deviations a model on trial may be underestimated; when that isn't enough, it is ruled out.
        hope: the same where a gap is weighed: what may well be as good is tried rather than what is known to be worse.
        gap_weight: how soon a worse option is left alone while gaps are unsure; grows as they get surer.
        saved_max: dispatches whose share may be saved up for when there is more to be learned.
    """

    share: float = 0.02
    trials: int = 15
    trial_share: float = 0.05
    reach: float = 1.0
    hope: float = 0.4
    gap_weight: float = 1000.0
    saved_max: float = 1000.0


class Explorer:
    """Chooses among options; remembers how often each model was tried, and how much of its share it hasn't used.

    Args:
        tried: trials already spent, by model.
    """

    def __init__(self, settings: Exploration, tried: Mapping[ModelId, int] | None = None) -> None:
        self._settings = settings
        self._tried: dict[str, int] = {str(name): count for name, count in (tried or {}).items()}
        self._saved = 0.0  # dispatches that may still be spent

    def pick(self, contenders: Sequence[Contender], rng: Chance, *, may_explore: bool = True) -> Pick:
        """Choose one of the contenders, which stand in falling order of utility.

        Args:
            may_explore: False where the caller wants the best and nothing else.
        """
        best = contenders[0]
        if not may_explore or self._settings.share <= 0.0:
            return THE_BEST
        by_gap = self._by_gap(contenders)
        odds = self._odds(contenders, by_gap)
        index = _drawn(odds, rng)
        chosen = contenders[index]
        if self._is_on_trial(chosen, best):
            self._count(chosen.model_id)
        self._save(self._settings.share - sum(by_gap))
        return Pick(index, odds[index], explored=index > 0)

    def chances(self, contenders: Sequence[Contender]) -> tuple[float, ...]:
        """The chance that `pick` gives each contender next, all adding up to 1: for trials, by gap, else the best.

        Source: inverse-gap weighting (Abe & Long 1999; SquareCB, Foster & Rakhlin 2020), of optimistic gaps and cut
        off where the share is used up.
        """
        if self._settings.share <= 0.0:
            return (1.0, *(0.0 for _ in contenders[1:]))
        return self._odds(contenders, self._by_gap(contenders))

    def _odds(self, contenders: Sequence[Contender], by_gap: list[float]) -> tuple[float, ...]:
        on_trial = self._by_trial(contenders)
        left = 1.0 - sum(on_trial)
        others = [trial + left * gap for trial, gap in zip(on_trial, by_gap, strict=True)]
        return (1.0 - sum(others), *others[1:])

    def reset(self, model_id: str) -> None:
        """Let a model be tried anew: its weights have changed."""
        self._tried.pop(model_id, None)

    def _by_gap(self, contenders: Sequence[Contender]) -> list[float]:
        """1 ÷ (K + weight × gap) for each safe contender but the best model, together at most what is left."""
        best = contenders[0]
        others = [one.is_safe and one.model_id != best.model_id for one in contenders]
        count = 1 + sum(others)
        hope, raw = self._settings.hope, [0.0] * len(contenders)
        for index, one in enumerate(contenders):
            if others[index]:
                gap = best.utility - one.utility - hope * one.doubt
                raw[index] = 1.0 / (count + self._gamma(one, best) * gap if gap > 0.0 else count)
        return _at_most(min(1.0, self._saved + self._settings.share), raw)

    def _gamma(self, one: Contender, best: Contender) -> float:
        """The surer the gap, the less is left to chance (SquareCB: as the forecasts' squared error falls)."""
        variance = one.doubt**2 + best.doubt**2
        return self._settings.gap_weight * max(1.0, _UNSURE**2 / max(_DOUBT_MIN**2, variance))

    def _by_trial(self, contenders: Sequence[Contender]) -> list[float]:
        """Those on trial by how good they may turn out to be, together the share for trials."""
        best = contenders[0]
        hopes = [
            self._promise(one, best, self._settings.reach) if self._is_on_trial(one, best) else 0.0
            for one in contenders
        ]
        total = sum(hopes)
        return [self._settings.trial_share * hope / total if total > 0.0 else 0.0 for hope in hopes]

    def _is_on_trial(self, one: Contender, best: Contender) -> bool:
        tries = max(one.tries, self._tried.get(one.model_id, 0))
        is_other = one.is_safe and one.model_id != best.model_id
        return is_other and tries < self._settings.trials and self._promise(one, best, self._settings.reach) > 0.0

    def _promise(self, one: Contender, best: Contender, deviations: float) -> float:
        """By how much it would beat the best if it were so many deviations better than expected."""
        return one.utility + deviations * one.doubt - best.utility

    def _save(self, dispatches: float) -> None:
        limit = self._settings.share * self._settings.saved_max
        self._saved = max(0.0, min(limit, self._saved + dispatches))

    def _count(self, model_id: str) -> None:
        self._tried[model_id] = self._tried.pop(model_id, 0) + 1
        if len(self._tried) > _MODELS_MAX:
            del self._tried[next(iter(self._tried))]


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
