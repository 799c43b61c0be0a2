"""LightGBM's word on times: how far reading, writing and length will be off what shrunken ratios say, and how sure.

A head foretells the middle of the logarithm of measured ÷ expected, its partner the spread: together P50 and P90 of a
log-normal time. Not LightGBM's quantile objective, which refuses monotone constraints: longer prompts must never be
foretold to take less time, nor wider limits to shorten an answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from dispatcher.core.forecast import Question, Work
from dispatcher.core.shrinkage import Estimate
from dispatcher.core.timed_outcome import TimedOutcome
from dispatcher.learning.booster import FastBooster
from dispatcher.learning.columns import STEPS, TASKS
from dispatcher.learning.paces import Ratios

PARTS = ("reading", "writing", "length")
SPREAD = "_spread"
FEATURES = (
    "prompt_tokens",  # logarithm
    "max_tokens",  # logarithm
    "threads",
    "parameters_b",  # logarithm
    "task",
    "complexity",
    *(f"{part}_{what}" for part in PARTS for what in ("mean", "sd", "tries")),
)
"""What a head sees of one model on one dispatch, in order; the same in training and serving."""

RISES_WITH = {
    "reading": ("prompt_tokens",),
    "writing": ("prompt_tokens",),
    "length": ("max_tokens",),
}
"""Features with which a part, and its spread, never falls."""

_SD_MIN = 0.02
_SD_MAX = 2.0
_OFF_MAX = 2.0  # a head corrects by a factor of seven at most
_MEAN_TO_SD = 1.2533141373155001  # of the absolute error of a normal variable


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of one model on one dispatch besides its ratios; `task` and `step` by their places."""

    prompt_tokens: int
    max_tokens: int
    threads: int
    parameters_b: float
    task: int
    step: int


def look_at(work: Work, question: Question) -> Look:
    """One model on one dispatch, before it is asked."""
    return Look(
        work.prompt_tokens + question.extra_tokens,
        question.max_tokens,
        question.threads,
        question.spec.parameters_b,
        TASKS.index(work.task_type),
        STEPS.index(work.complexity),
    )


def look_back(outcome: TimedOutcome) -> Look:
    """The same, once it has answered."""
    return Look(
        outcome.prompt_tokens,
        outcome.max_tokens,
        outcome.threads,
        outcome.pace.parameters_b,
        TASKS.index(outcome.task_type),
        STEPS.index(outcome.complexity),
    )


def row_of(look: Look, ratios: Ratios) -> tuple[float, ...]:
    """The numbers that FEATURES names."""
    reading, writing, length = ratios
    return (
        log(look.prompt_tokens + 1.0),
        log(look.max_tokens + 1.0),
        float(look.threads),
        log(look.parameters_b + 0.01),
        float(look.task),
        float(look.step),
        reading.mean,
        reading.sd,
        reading.tries,
        writing.mean,
        writing.sd,
        writing.tries,
        length.mean,
        length.sd,
        length.tries,
    )


class Heads:
    """The heads that beat the shrunken ratios on this installation's own log; the others aren't there.

    Args:
        texts: LightGBM models by the name of their part, a spread's with SPREAD after it.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        """Raises: ValueError when LightGBM can't read one, or when it isn't of these features."""
        self._middles = {part: FastBooster(texts[part]) for part in PARTS if part in texts}
        self._spreads = {part: FastBooster(texts[part + SPREAD]) for part in PARTS if part + SPREAD in texts}
        for booster in (*self._middles.values(), *self._spreads.values()):
            if booster.width != len(FEATURES):
                raise ValueError(f"a head of {booster.width} features, not {len(FEATURES)}")

    def corrected(self, looks: Sequence[Look], ratios: Sequence[Ratios]) -> list[Ratios]:
        """The ratios as the heads see them, in order."""
        if not self._middles and not self._spreads:
            return list(ratios)
        rows = np.array([row_of(look, one) for look, one in zip(looks, ratios, strict=True)])
        parts = [self._part(part, rows, [one[place] for one in ratios]) for place, part in enumerate(PARTS)]
        return [Ratios(*each) for each in zip(*parts, strict=True)]

    def _part(self, part: str, rows: NDArray[np.float64], known: Sequence[Estimate]) -> Sequence[Estimate]:
        middle, spread = self._middles.get(part), self._spreads.get(part)
        if middle is None and spread is None:
            return known
        off = middle.predict(rows).clip(-_OFF_MAX, _OFF_MAX).tolist() if middle else [0.0] * len(known)
        sds = sd_of(spread.predict(rows)).tolist() if spread else [one.sd for one in known]
        return [Estimate(one.mean + more, sd, one.tries) for one, more, sd in zip(known, off, sds, strict=True)]


def sd_of(mean_error: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard deviation of errors whose absolute value has this mean."""
    return np.asarray(mean_error * _MEAN_TO_SD).clip(_SD_MIN, _SD_MAX)
