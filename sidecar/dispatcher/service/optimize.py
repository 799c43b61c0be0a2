"""The optimizer: who does badly, who is best at what, and what would save memory; it suggests, and changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import structlog

from dispatcher.core.advice.books import Books
from dispatcher.core.advice.findings import Finding, analyze_performance
from dispatcher.core.advice.rankings import Place, rank_models
from dispatcher.core.advice.resources import optimize_resources
from dispatcher.core.advice.rule import Rule, Suggestion
from dispatcher.core.advice.use import Use
from dispatcher.core.model import ModelSpec
from dispatcher.core.task import ModelId
from dispatcher.errors import DispatcherError
from dispatcher.service.registry import Registry
from dispatcher.service.rules import Rules, read_books
from dispatcher.store.database import Database
from dispatcher.store.lifecycle import measured_peaks, ready_seconds
from dispatcher.store.model_rankings import rankings, write_rankings

_LOG = structlog.get_logger(__name__)
_DAY_S = 86_400.0
_LOOK_BACK_S = 7 * _DAY_S


class Verb(StrEnum):
    """What the optimizer can do."""

    ANALYZE_PERFORMANCE = "analyze_performance"
    UPDATE_MODEL_RANKINGS = "update_model_rankings"
    OPTIMIZE_RESOURCES = "optimize_resources"
    TRAIN_RANKER = "train_ranker"


@dataclass(frozen=True, slots=True)
class Report:
    """What came of one run; empty where a verb wasn't asked for. `trained` says in words what came of the training."""

    since: float
    findings: tuple[Finding, ...] = ()
    places: tuple[Place, ...] = ()
    rules: tuple[Rule, ...] = ()
    trained: str | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the machine allows, and how the optimizer is set. Times in seconds."""

    budget_mib: int
    idle_stop_s: float
    every_s: float
    applies: bool


class Optimizer:
    """Runs its verbs when asked, and by itself every so often.

    Args:
        train: trains a new ranker and says what came of it.
        wall: Unix time, in seconds.
    """

    def __init__(
        self,
        database: Database,
        registry: Registry,
        rules: Rules,
        bounds: Bounds,
        train: Callable[[], Awaitable[str]],
        wall: Callable[[], float],
    ) -> None:
        self._database = database
        self._registry = registry
        self._rules = rules
        self._bounds = bounds
        self._train = train
        self._wall = wall
        self._lock = asyncio.Lock()  # two runs at once would propose everything twice

    async def run(self) -> None:
        """Judge what was applied and suggest anew, for ever."""
        while True:
            await asyncio.sleep(self._bounds.every_s)
            await self._rules.measure()
            report = await self.optimize(frozenset(Verb) - {Verb.TRAIN_RANKER})
            if self._bounds.applies:
                await self._apply(report.rules)

    async def optimize(self, verbs: Collection[Verb]) -> Report:
        """Do what is asked for, on the log of the last seven days."""
        async with self._lock:
            since = self._wall() - _LOOK_BACK_S
            report, books = Report(since), await read_books(self._database, since)
            if Verb.ANALYZE_PERFORMANCE in verbs:
                report = replace(report, findings=analyze_performance(books.work()))
            if Verb.UPDATE_MODEL_RANKINGS in verbs:
                report = replace(report, places=rank_models(books.work()))
                await write_rankings(self._database, report.places, self._wall())
            if Verb.OPTIMIZE_RESOURCES in verbs:
                report = replace(report, rules=await self._rules.propose(await self._suggestions(books, since)))
            if Verb.TRAIN_RANKER in verbs:
                report = replace(report, trained=await self._train())
            return report

    async def rankings(self) -> tuple[Place, ...]:
        """Who was best at what when that was last looked at."""
        return await rankings(self._database)

    async def _suggestions(self, books: Books, since: float) -> tuple[Suggestion, ...]:
        now_at = self._wall()
        peaks_mib = await measured_peaks(self._database)
        ready_s = await ready_seconds(self._database, since, now_at)
        first_at = min((turn.started_at for spec in self._registry for turn in books.turns(spec.id)), default=now_at)
        days = max(now_at - first_at, 3600.0) / _DAY_S
        uses = [self._use(spec, books, peaks_mib, ready_s, days) for spec in self._writers()]
        return tuple(suggestion for use in uses for suggestion in optimize_resources(use))

    def _writers(self) -> Iterator[ModelSpec]:
        """The models whose use the log of outcomes tells: embeddings aren't in it."""
        return (spec for spec in self._registry if spec.is_enabled and not spec.only_embeds)

    def _use(
        self,
        spec: ModelSpec,
        books: Books,
        peaks_mib: Mapping[ModelId, int],
        ready_s: Mapping[ModelId, float],
        days: float,
    ) -> Use:
        return Use(
            spec=spec,
            turns=books.turns(spec.id),
            peak_mib=peaks_mib.get(spec.id),
            ready_s=ready_s.get(spec.id, 0.0),
            idle_stop_s=self._bounds.idle_stop_s if spec.idle_stop_s is None else spec.idle_stop_s,
            days=days,
            budget_mib=self._bounds.budget_mib,
        )

    async def _apply(self, rules: tuple[Rule, ...]) -> None:
        """By its own leave, as AI_DISPATCH_OPTIMIZER_APPLY says; one that can't be applied stops no other."""
        for rule in rules:
            try:
                applied = await self._rules.apply(rule.id)
            except DispatcherError as error:
                _LOG.warning("rule_not_applied", rule=rule.id, reason=error.message)
            else:
                change = applied.change
                _LOG.info("rule_applied", rule=rule.id, model=change.model_id, kind=change.kind, value=change.after)
