"""Taking rankers from step to step, in memory and in the list: by evidence, or by an admin's word."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from dispatcher.core.promotion import Stage, Verdict, after_evaluation
from dispatcher.core.ranker_entry import ON_TRIAL, Assessment, RankerEntry
from dispatcher.errors import RankerConflict, RankerNotFound
from dispatcher.metrics import Metrics
from dispatcher.service.panel import LearningForecaster, Panel, Trial
from dispatcher.service.ranker_shelf import RankerShelf
from dispatcher.service.tasks import KeptTasks
from dispatcher.store.database import Database
from dispatcher.store.rankers import all_rankers, move_ranker

_LOG = structlog.get_logger(__name__)


class Promoter:
    """Moves rankers on the panel and writes down where they stand.

    Args:
        prior: stands behind all others.
        wall: Unix time, in seconds.
    """

    def __init__(
        self,
        database: Database,
        shelf: RankerShelf,
        panel: Panel,
        prior: LearningForecaster,
        tasks: KeptTasks,
        metrics: Metrics,
        wall: Callable[[], float],
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._panel = panel
        self._prior = prior
        self._tasks = tasks
        self._metrics = metrics
        self._wall = wall
        self._lock = asyncio.Lock()  # one step at a time
        panel.on_verdict = self.told

    async def restore(self) -> None:
        """Put those in place that were there before a restart; one that can't be used is left out, with a warning."""
        entries = await all_rankers(self._database)
        for entry in sorted(entries, key=lambda one: one.stage is not Stage.LIVE):  # who is on trial stands beside it
            if entry.stage is Stage.LIVE or entry.stage in ON_TRIAL:
                try:
                    await self.install(entry.id, entry.stage)
                except RankerConflict as error:
                    _LOG.warning("ranker_unusable", ranker=entry.id, reason=error.message)
                    await self._write(entry.id, Stage.REJECTED, error.message)

    async def consider(self, entry: RankerEntry) -> str:
        """Judge a new one by the log; it is watched from now on if the evidence says so. Says in words what came of it.

        Raises: RankerConflict when its files can't be used.
        """
        raised = await self._shelf.raised(entry)
        verdict = after_evaluation(raised.evidence)
        async with self._lock:
            if verdict.stage is Stage.SHADOW:
                self._panel.try_out(raised.ranker, Stage.SHADOW)
            await self._write(entry.id, verdict.stage, verdict.why, Assessment(evidence=raised.evidence))
        return f"{entry.id}: {verdict.why}"

    async def install(self, ranker_id: str, stage: Stage) -> None:
        """Put a ranker where it belongs now; whoever was there steps down.

        Raises: RankerNotFound, RankerConflict when its files can't be used.
        """
        on_trial = self._panel.trial
        ranker: LearningForecaster
        if ranker_id == self._prior.name:
            ranker = self._prior
        elif on_trial is not None and on_trial.ranker.name == ranker_id:
            ranker = on_trial.ranker
        else:
            ranker = (await self._shelf.raised(await self._entry(ranker_id))).ranker
        if stage is Stage.LIVE:
            self._panel.go_back(ranker)
        elif stage in ON_TRIAL:
            self._panel.try_out(ranker, stage)
        elif on_trial is not None and on_trial.ranker.name == ranker_id:
            self._panel.end_trial()

    def told(self, trial: Trial, verdict: Verdict) -> None:
        """Hear what the panel found, and act on it as soon as nothing else moves."""
        self._tasks.keep(self._act(trial, verdict), "promote")

    async def _act(self, trial: Trial, verdict: Verdict) -> None:
        async with self._lock:
            if self._panel.trial is not trial:
                return
            name, live = trial.ranker.name, self._panel.live.name
            _LOG.info("ranker_moves", ranker=name, stage=verdict.stage, why=verdict.why)
            if trial.is_before:
                await self._end_probation(trial, verdict, live)
                return
            if verdict.stage is Stage.LIVE:
                self._panel.go_live(trial.ranker)
            elif verdict.stage in ON_TRIAL:
                self._panel.try_out(trial.ranker, verdict.stage)
            else:
                self._panel.end_trial()
            await self._write(name, verdict.stage, verdict.why, await self._assessed(trial))

    async def _end_probation(self, before: Trial, verdict: Verdict, live: str) -> None:
        if verdict.stage is not Stage.ROLLED_BACK:
            self._panel.end_trial()
            return
        self._panel.go_back(before.ranker)
        await self._write(before.ranker.name, Stage.LIVE, f"back in place of {live}")
        await self._write(live, Stage.ROLLED_BACK, verdict.why)

    async def _assessed(self, trial: Trial) -> Assessment:
        known = (await self._entry(trial.ranker.name)).assessment or Assessment()
        if trial.stage is Stage.SHADOW:
            return replace(known, shadow=trial.shadow)
        return replace(known, canary=trial.tally, live=trial.live_tally)

    async def _entry(self, ranker_id: str) -> RankerEntry:
        for entry in await all_rankers(self._database):
            if entry.id == ranker_id:
                return entry
        raise RankerNotFound(f"id: there is no ranker {ranker_id[:200]!r}; GET /api/rankers lists them")

    async def _write(self, ranker_id: str, stage: Stage, why: str, assessment: Assessment | None = None) -> None:
        await move_ranker(self._database, ranker_id, stage, why, self._wall(), assessment)
        self._metrics.ranker_moves.labels(stage).inc()
