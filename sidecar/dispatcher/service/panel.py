"""Which ranker makes a dispatch's forecasts: the live one, or by lot one on trial; and how each of them does."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Protocol

from dispatcher.core.evidence import Shadow, Tally
from dispatcher.core.forecast import Forecaster
from dispatcher.core.lesson import Foreseen, Lesson
from dispatcher.core.promotion import CANARY_SHARE, Stage, Verdict, after_canary, after_probation, after_shadow


class LearningForecaster(Forecaster, Protocol):
    """A forecaster that learns from each outcome."""

    def take_charge(self) -> None:
        """Be the live one from now on."""

    def foresee(self, lesson: Lesson) -> Foreseen:
        """What it expects of the model of a lesson that it hasn't learned yet."""

    def learn(self, lesson: Lesson) -> None:
        """Take in one dispatch."""

    def reset(self, model_id: str) -> None:
        """Forget a model whose weights have changed."""


@dataclass(slots=True)
class Trial:
    """A ranker beside the live one. `is_before` says that it was live before, and watches over the one that is now."""

    ranker: LearningForecaster
    stage: Stage
    is_before: bool = False
    is_judged: bool = False
    shadow: Shadow = field(default_factory=lambda: Shadow(0, 0.0, 0.0))
    tally: Tally = field(default_factory=Tally)
    live_tally: Tally = field(default_factory=Tally)


class Panel:
    """Hands out rankers and keeps their tallies. In memory only.

    Set `on_verdict` to be told, once, when the ranker on trial should leave its stage.
    """

    def __init__(self, live: LearningForecaster, rng: Random) -> None:
        self._live = live
        self._rng = rng
        self._trial: Trial | None = None
        self.on_verdict: Callable[[Trial, Verdict], None] | None = None

    @property
    def live(self) -> LearningForecaster:
        """Who forecasts when nothing is tried."""
        return self._live

    @property
    def trial(self) -> Trial | None:
        """Who is on trial, if anybody."""
        return self._trial

    def forecaster(self) -> Forecaster:
        """Who forecasts one dispatch."""
        trial = self._trial
        has_say = trial is not None and (trial.stage is Stage.CANARY or trial.is_before)
        if trial is not None and has_say and self._rng.random() < CANARY_SHARE:
            return trial.ranker
        return self._live

    def try_out(self, ranker: LearningForecaster, stage: Stage) -> None:
        """Put a ranker beside the live one, in place of whoever was there."""
        self._trial = Trial(ranker, stage)

    def go_live(self, ranker: LearningForecaster) -> None:
        """Make a ranker the live one; the one before watches over it for a while."""
        before = self._live
        self._live = ranker
        ranker.take_charge()
        self._trial = Trial(before, Stage.LIVE, is_before=True)

    def go_back(self, ranker: LearningForecaster) -> None:
        """Make a ranker the live one, with nobody beside it."""
        self._live, self._trial = ranker, None
        ranker.take_charge()

    def end_trial(self) -> None:
        """Let the one on trial go."""
        self._trial = None

    def learn(self, lesson: Lesson, ranker: str, utility: float | None) -> None:
        """Take in one dispatch that `ranker` chose for, and what it was worth; None when that says nothing."""
        trial = self._trial
        if trial is not None:
            self._watch(trial, lesson, ranker, utility)
            trial.ranker.learn(lesson)
        self._live.learn(lesson)

    def reset(self, model_id: str) -> None:
        """Have all forget a model whose weights have changed."""
        self._live.reset(model_id)
        if self._trial is not None:
            self._trial.ranker.reset(model_id)

    def _watch(self, trial: Trial, lesson: Lesson, ranker: str, utility: float | None) -> None:
        if utility is not None and ranker == trial.ranker.name:
            trial.tally = trial.tally.plus(utility)
        elif utility is not None and ranker == self._live.name:
            trial.live_tally = trial.live_tally.plus(utility)
        if trial.stage is Stage.SHADOW:
            trial.shadow = self._compared(trial, lesson)
        verdict = _verdict(trial)
        if verdict.stage is not trial.stage and self.on_verdict is not None and not trial.is_judged:
            trial.is_judged = True
            self.on_verdict(trial, verdict)

    def _compared(self, trial: Trial, lesson: Lesson) -> Shadow:
        label, seen = lesson.label, trial.shadow
        if label.success is None:
            return seen
        got = label.success * (1.0 if label.quality is None else label.quality)
        count = seen.dispatches + 1
        error = (trial.ranker.foresee(lesson).worth - got) ** 2
        live_error = (self._live.foresee(lesson).worth - got) ** 2
        return replace(
            seen,
            dispatches=count,
            error=seen.error + (error - seen.error) / count,
            live_error=seen.live_error + (live_error - seen.live_error) / count,
        )


def _verdict(trial: Trial) -> Verdict:
    if trial.is_before:
        return after_probation(trial.live_tally, trial.tally)
    return after_shadow(trial.shadow) if trial.stage is Stage.SHADOW else after_canary(trial.tally, trial.live_tally)
