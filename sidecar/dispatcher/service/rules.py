"""Rules: suggested changes of models, applied by an admin's word, measured, and kept or taken back."""

from collections.abc import Callable
from dataclasses import replace

import structlog

from dispatcher.core.advice.books import Books, Numbers
from dispatcher.core.advice.change import is_sensible, value_of, with_value
from dispatcher.core.advice.judgement import is_due, judge
from dispatcher.core.advice.rule import Author, Change, ChangeKind, Evidence, Rule, RuleState, Suggestion
from dispatcher.core.task import ModelId
from dispatcher.errors import InvalidRequest, RuleConflict, RuleNotFound
from dispatcher.service.manage import Manager
from dispatcher.service.registry import Registry
from dispatcher.store.database import Database
from dispatcher.store.outcomes import outcomes
from dispatcher.store.rules import add_rule, all_rules, move_rule, propose, rule_by_id

_LOG = structlog.get_logger(__name__)
_LOOK_BACK_S = 7 * 86_400.0
_PAGE = 500
_UNDOABLE = frozenset({RuleState.APPLIED, RuleState.MEASURED, RuleState.KEPT})


class Rules:
    """The rules and the changes they make. `wall` is Unix time, in seconds."""

    def __init__(self, database: Database, registry: Registry, manager: Manager, wall: Callable[[], float]) -> None:
        self._database = database
        self._registry = registry
        self._manager = manager
        self._wall = wall

    async def list(self) -> tuple[Rule, ...]:
        """All of them, the newest first."""
        return await all_rules(self._database)

    async def add(self, kind: ChangeKind, model_id: str, value: float) -> Rule:
        """Enter an admin's own proposal: it is applied and measured as the others are.

        Raises: ModelNotFound, InvalidRequest.
        """
        spec = self._registry.spec(model_id)
        if not is_sensible(kind, value):
            raise InvalidRequest(f"value: {value:g} is no {kind} that a model can have")
        change = Change(kind, spec.id, value_of(spec, kind), value)
        return await add_rule(self._database, change, Evidence(Author.ADMIN, "an admin's idea", 0.0), self._wall())

    async def propose(self, suggestions: tuple[Suggestion, ...]) -> tuple[Rule, ...]:
        """Make these the optimizer's proposals."""
        return await propose(self._database, suggestions, self._wall())

    async def apply(self, rule_id: int) -> Rule:
        """Change the model as the rule says, and note how it did before.

        Raises: RuleNotFound, RuleConflict, and what changing a model raises.
        """
        rule = await self._named(rule_id)
        if rule.state is not RuleState.PROPOSED:
            raise RuleConflict(f"id: rule {rule_id} is {rule.state}; only one that is proposed can be applied")
        change, now_at = rule.change, self._wall()
        numbers = await self._numbers(change.model_id, now_at - _LOOK_BACK_S)
        before = value_of(self._registry.spec(change.model_id), change.kind)
        evidence = replace(rule.evidence, before=numbers, applied_at=now_at)
        applied = replace(rule, change=replace(change, before=before), evidence=evidence, state=RuleState.APPLIED)
        return await self._changed(rule, applied, change.after)

    async def rollback(self, rule_id: int) -> Rule:
        """Give the model back the number it had before.

        Raises: RuleNotFound, RuleConflict, and what changing a model raises.
        """
        rule = await self._named(rule_id)
        if rule.state not in _UNDOABLE:
            raise RuleConflict(f"id: rule {rule_id} is {rule.state}; there is nothing to take back")
        return await self._undone(rule, "rolled back by an admin")

    async def measure(self) -> tuple[Rule, ...]:
        """Judge what was applied, once enough has been seen: kept, or taken back where something got worse."""
        judged: list[Rule] = []
        for rule in await all_rules(self._database):
            if rule.state in (RuleState.APPLIED, RuleState.MEASURED) and (done := await self._judged(rule)) is not None:
                _LOG.info("rule_judged", rule=done.id, state=done.state, why=done.evidence.verdict)
                judged.append(done)
        return tuple(judged)

    async def _judged(self, rule: Rule) -> Rule | None:
        applied_at, before = rule.evidence.applied_at, rule.evidence.before
        if applied_at is None or before is None:
            return None
        after = await self._numbers(rule.change.model_id, applied_at)
        if after is None or not is_due(self._wall() - applied_at, after.dispatches):
            return None
        judgement = judge(before, after)
        measured = replace(rule, evidence=replace(rule.evidence, after=after), state=RuleState.MEASURED)
        if not await move_rule(self._database, measured, rule.state, self._wall()):
            return None  # an admin was quicker
        if not judgement.is_kept:
            return await self._undone(measured, judgement.why)
        kept = replace(measured, evidence=replace(measured.evidence, verdict=judgement.why), state=RuleState.KEPT)
        return kept if await move_rule(self._database, kept, RuleState.MEASURED, self._wall()) else None

    async def _undone(self, rule: Rule, why: str) -> Rule:
        undone = replace(rule, evidence=replace(rule.evidence, verdict=why), state=RuleState.ROLLED_BACK)
        return await self._changed(rule, undone, rule.change.before)

    async def _changed(self, rule: Rule, becomes: Rule, value: float) -> Rule:
        """Write it down, then change the model; when that can't be done the rule stays as it was."""
        if not await move_rule(self._database, becomes, rule.state, self._wall()):
            raise RuleConflict(f"id: rule {rule.id} was changed meanwhile; look at it again")
        try:
            await self._set(rule.change.model_id, rule.change.kind, value)
        except BaseException:
            await move_rule(self._database, rule, becomes.state, self._wall())
            raise
        return await self._named(rule.id)

    async def _set(self, model_id: ModelId, kind: ChangeKind, value: float) -> None:
        match kind:
            case ChangeKind.IS_PINNED:
                await self._manager.switch(model_id, None, bool(value))
            case ChangeKind.IDLE_STOP_S:
                await self._manager.set_idle_stop(model_id, value or None)
            case ChangeKind.CONTEXT_TOKENS | ChangeKind.SLOTS | ChangeKind.MEMORY_MIB:
                await self._manager.change(with_value(self._registry.spec(model_id), kind, value))

    async def _numbers(self, model_id: ModelId, since: float) -> Numbers | None:
        books = await read_books(self._database, since)
        return books.models().get(model_id)

    async def _named(self, rule_id: int) -> Rule:
        rule = await rule_by_id(self._database, rule_id)
        if rule is None:
            raise RuleNotFound(f"id: there is no rule {rule_id}; GET /api/rules lists them")
        return rule


async def read_books(database: Database, since: float) -> Books:
    """All that callers dispatched since a Unix time, added up; read in pages, so that nothing waits for it."""
    books, place = Books(), 0
    while page := await outcomes(database, since, _PAGE, place):
        for one in page:
            books.add(one)
        place = page[-1].place
    return books
