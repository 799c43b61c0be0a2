"""A rule is applied, measured, and kept or taken back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from dispatcher.core.advice.rule import ChangeKind, Rule, RuleState
from dispatcher.core.model import ModelSpec
from dispatcher.core.outcome import Timing
from dispatcher.errors import InvalidRequest, ModelConflict, ModelNotFound, RuleConflict, RuleNotFound
from dispatcher.service.manage import Manager
from dispatcher.service.optimize import Bounds, Optimizer, Report, Verb
from dispatcher.service.registry import Registry
from dispatcher.service.rules import Rules
from dispatcher.store.database import Database
from dispatcher.store.dispatches import record_dispatch
from dispatcher.store.model_rankings import rankings
from tests.integration.waiting import until
from tests.unit.core.builders import spec
from tests.unit.store.notes import writing_connection
from tests.unit.store.records import a_record

DAY_S = 86_400.0
NOON = 1_700_000_000.0


class Shelf:
    """One model, changed as the manager would; it refuses once `is_stubborn`."""

    def __init__(self) -> None:
        self.model = spec(context_tokens=16_384)
        self.is_stubborn = False

    def __iter__(self) -> object:
        return iter((self.model,))

    def spec(self, model_id: str) -> ModelSpec:
        if model_id != self.model.id:
            raise ModelNotFound(f"model: there is no {model_id!r}")
        return self.model

    async def change(self, model: ModelSpec) -> None:
        if self.is_stubborn:
            raise ModelConflict("id: not now")
        self.model = model

    async def switch(self, _model_id: str, _is_enabled: bool | None, is_pinned: bool | None) -> None:
        await self.change(replace(self.model, is_pinned=bool(is_pinned)))

    async def set_idle_stop(self, _model_id: str, idle_stop_s: float | None) -> None:
        await self.change(replace(self.model, idle_stop_s=idle_stop_s))


class Desk:
    """Rules over one model, at a time that a test sets."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.shelf = Shelf()
        self.now_at = NOON
        self.rules = Rules(database, cast(Registry, self.shelf), cast(Manager, self.shelf), lambda: self.now_at)
        self.trained = 0

    def optimizer(self, *, every_s: float = 3600.0, applies: bool = False) -> Optimizer:
        bounds = Bounds(budget_mib=4096, idle_stop_s=900.0, every_s=every_s, applies=applies)
        registry = cast(Registry, self.shelf)
        return Optimizer(self.database, registry, self.rules, bounds, self._train, lambda: self.now_at)

    async def dispatches(self, count: int, *, total_s: float = 1.0, from_at: float | None = None) -> None:
        """So many an hour apart, the last one now; or a minute apart, the first one at a time."""
        for number in range(count):
            at = self.now_at - (count - number) * 3600.0 if from_at is None else from_at + number * 60.0
            timing = Timing(0.0, 0.0, 0.1, total_s)
            record_dispatch(self.database, a_record(f"d{at}", started_at=at, timing=timing))
        await writing_connection(self.database)

    async def applied(self, value: float = 60.0) -> Rule:
        await self.dispatches(30)
        rule = await self.rules.add(ChangeKind.IDLE_STOP_S, "small", value)
        return await self.rules.apply(rule.id)

    async def _train(self) -> str:
        self.trained += 1
        return "trained on 30 outcomes"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    database = await Database.open(tmp_path / "dispatch.db")
    yield Desk(database)
    await database.close()


async def test_a_rule_that_is_applied_changes_the_model_and_notes_how_it_did_before(desk: Desk) -> None:
    rule = await desk.applied()
    assert desk.shelf.model.idle_stop_s == 60.0
    assert (rule.state, rule.evidence.applied_at) == (RuleState.APPLIED, NOON)
    assert rule.evidence.before is not None
    assert (rule.evidence.before.dispatches, rule.evidence.before.p90_s) == (30, 1.0)


async def test_a_rule_taken_back_gives_the_model_what_it_had(desk: Desk) -> None:
    rule = await desk.applied()
    assert (await desk.rules.rollback(rule.id)).state is RuleState.ROLLED_BACK
    assert desk.shelf.model.idle_stop_s is None
    with pytest.raises(RuleConflict, match="nothing to take back"):
        await desk.rules.rollback(rule.id)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(ChangeKind.CONTEXT_TOKENS, 4096), (ChangeKind.SLOTS, 2), (ChangeKind.IS_PINNED, 1), (ChangeKind.MEMORY_MIB, 200)],
)
async def test_every_kind_of_change_is_made_and_taken_back(desk: Desk, kind: ChangeKind, value: float) -> None:
    before = desk.shelf.model
    rule = await desk.rules.apply((await desk.rules.add(kind, "small", value)).id)
    assert desk.shelf.model != before
    await desk.rules.rollback(rule.id)
    after = desk.shelf.model
    assert (after.context_tokens, after.slots, after.is_pinned) == (before.context_tokens, before.slots, False)
    assert after.footprint_mib == before.footprint_mib


async def test_after_a_day_of_use_that_was_no_worse_it_is_kept(desk: Desk) -> None:
    rule = await desk.applied()
    await desk.dispatches(12, from_at=NOON + 60.0)
    assert await desk.rules.measure() == (), "too early to say"
    desk.now_at = NOON + DAY_S
    (kept,) = await desk.rules.measure()
    assert (kept.id, kept.state, kept.evidence.verdict) == (rule.id, RuleState.KEPT, "kept: no worse on 12 dispatches")
    assert desk.shelf.model.idle_stop_s == 60.0
    assert await desk.rules.measure() == ()


async def test_what_did_harm_is_taken_back_by_itself_and_says_why(desk: Desk) -> None:
    await desk.applied()
    await desk.dispatches(100, total_s=9.0, from_at=NOON + 60.0)
    desk.now_at = NOON + 6001.0
    (undone,) = await desk.rules.measure()
    assert undone.state is RuleState.ROLLED_BACK
    assert undone.evidence.verdict == "rolled back: nine in ten took up to 9.0 s instead of 1.0 s"
    assert undone.evidence.after is not None
    assert desk.shelf.model.idle_stop_s is None


async def test_a_change_that_cannot_be_made_leaves_the_rule_proposed(desk: Desk) -> None:
    rule = await desk.rules.add(ChangeKind.SLOTS, "small", 2)
    desk.shelf.is_stubborn = True
    with pytest.raises(ModelConflict):
        await desk.rules.apply(rule.id)
    assert [one.state for one in await desk.rules.list()] == [RuleState.PROPOSED]


async def test_what_makes_no_sense_is_told(desk: Desk) -> None:
    with pytest.raises(ModelNotFound):
        await desk.rules.add(ChangeKind.SLOTS, "nobody", 2)
    with pytest.raises(InvalidRequest, match="value"):
        await desk.rules.add(ChangeKind.SLOTS, "small", 1.5)
    with pytest.raises(RuleNotFound):
        await desk.rules.apply(7)
    rule = await desk.applied()
    with pytest.raises(RuleConflict, match="only one that is proposed"):
        await desk.rules.apply(rule.id)


async def test_the_optimizer_suggests_and_changes_nothing(desk: Desk) -> None:
    await desk.dispatches(30)
    before = desk.shelf.model
    report = await desk.optimizer().optimize(frozenset(Verb) - {Verb.TRAIN_RANKER})
    kinds = {rule.change.kind: rule.change.after for rule in report.rules}
    assert kinds[ChangeKind.CONTEXT_TOKENS] == 1024
    assert [(one.place, one.row.model_id) for one in report.places] == [(1, "small")]
    assert await rankings(desk.database) == report.places
    assert (desk.shelf.model, desk.trained) == (before, 0)
    assert await desk.rules.list() == tuple(reversed(report.rules))


async def test_only_what_is_asked_for_is_done(desk: Desk) -> None:
    await desk.dispatches(30)
    assert await desk.optimizer().optimize({Verb.ANALYZE_PERFORMANCE}) == Report(NOON - 7 * DAY_S)
    assert (await desk.optimizer().optimize({Verb.TRAIN_RANKER})).trained == "trained on 30 outcomes"
    assert await desk.rules.list() == ()


@pytest.mark.parametrize("applies", [False, True])
async def test_by_itself_it_applies_only_when_it_is_allowed_to(desk: Desk, applies: bool) -> None:
    await desk.dispatches(30)
    running = asyncio.create_task(desk.optimizer(every_s=0.01, applies=applies).run())

    async def is_done() -> bool:
        states = {rule.state for rule in await desk.rules.list()}
        return bool(states) and (not applies or RuleState.PROPOSED not in states)

    await until(is_done, "the optimizer's first round")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert (desk.shelf.model.context_tokens == 1024) is applies
