"""The optimizer's rules, and the rankings they rest on, in the database."""

from dataclasses import replace

from dispatcher.core.advice.books import Numbers, WorkNumbers
from dispatcher.core.advice.rankings import Place
from dispatcher.core.advice.rule import Author, Change, ChangeKind, Evidence, Rule, RuleState, Suggestion
from dispatcher.core.replica import ReplicaState
from dispatcher.core.task import Complexity, ModelId, TaskType
from dispatcher.store.database import Database
from dispatcher.store.lifecycle import ready_seconds, record_lifecycle
from dispatcher.store.model_rankings import rankings, write_rankings
from dispatcher.store.rules import add_rule, all_rules, move_rule, propose, rule_by_id
from tests.unit.store.notes import writing_connection
from tests.unit.store.records import a_change

NUMBERS = Numbers(100, 0.95, None, 0.0, 2.0, 4.0, 0.9, 1.5)
WEEK_S = 7 * 86_400.0


def suggestion(after: float = 60.0, kind: ChangeKind = ChangeKind.IDLE_STOP_S, model: str = "small") -> Suggestion:
    return Suggestion(Change(kind, ModelId(model), 0.0, after), "because", 12.5)


async def moved(db: Database, rule: Rule, state: RuleState, now_at: float) -> None:
    assert await move_rule(db, replace(rule, state=state), rule.state, now_at)


async def test_suggestions_become_proposals_that_are_renewed_and_withdrawn(db: Database) -> None:
    first, second = await propose(db, [suggestion(), suggestion(2, ChangeKind.SLOTS)], now_at=10.0)
    assert (first.state, first.change.after, first.evidence.author) == (RuleState.PROPOSED, 60.0, Author.OPTIMIZER)
    (renewed,) = await propose(db, [suggestion(120.0)], now_at=20.0)
    assert (renewed.id, renewed.change.after, renewed.created_at, renewed.changed_at) == (first.id, 120.0, 10.0, 20.0)
    assert await all_rules(db) == (renewed,)
    assert await rule_by_id(db, second.id) is None


async def test_what_is_applied_or_was_tried_lately_is_not_proposed_again(db: Database) -> None:
    (rule,) = await propose(db, [suggestion()], now_at=10.0)
    await moved(db, rule, RuleState.APPLIED, now_at=20.0)
    assert await propose(db, [suggestion()], now_at=30.0) == ()
    await moved(db, replace(rule, state=RuleState.APPLIED), RuleState.ROLLED_BACK, now_at=40.0)
    assert await propose(db, [suggestion()], now_at=40.0 + WEEK_S - 1) == ()
    assert len(await propose(db, [suggestion()], now_at=40.0 + WEEK_S + 1)) == 1


async def test_an_admins_proposal_stays_whatever_the_optimizer_thinks(db: Database) -> None:
    own = await add_rule(db, suggestion(300.0).change, Evidence(Author.ADMIN, "an admin's idea", 0.0), now_at=1.0)
    assert await propose(db, [suggestion()], now_at=10.0) == ()
    assert await all_rules(db) == (own,)


async def test_a_rule_moves_only_from_where_it_was_thought_to_stand(db: Database) -> None:
    (rule,) = await propose(db, [suggestion()], now_at=10.0)
    evidence = replace(rule.evidence, before=NUMBERS, after=NUMBERS, applied_at=20.0, verdict="kept")
    applied = replace(rule, state=RuleState.APPLIED, evidence=evidence)
    assert await move_rule(db, applied, RuleState.PROPOSED, now_at=20.0)
    assert not await move_rule(db, applied, RuleState.PROPOSED, now_at=21.0)
    assert await rule_by_id(db, rule.id) == replace(applied, changed_at=20.0)


async def test_rankings_are_written_in_place_of_those_before(db: Database) -> None:
    row = WorkNumbers(ModelId("small"), TaskType.CHAT, Complexity.LOW, NUMBERS)
    await write_rankings(db, [Place(1, replace(row, model_id=ModelId("gone")))], now_at=1.0)
    await write_rankings(db, [Place(1, row), Place(2, replace(row, model_id=ModelId("big")))], now_at=2.0)
    assert [(one.place, one.row.model_id) for one in await rankings(db)] == [(1, "small"), (2, "big")]
    assert (await rankings(db))[0].row == row


async def test_seconds_in_memory_are_those_between_ready_and_what_came_next_or_now(db: Database) -> None:
    ended = replace(a_change("small", None, at=160.0), state=ReplicaState.DRAINING)
    for record in (a_change("small", None, at=100.0), ended, a_change("small", None, at=200.0)):
        record_lifecycle(db, record)
    await writing_connection(db)
    assert await ready_seconds(db, since=0.0, now_at=230.0) == {"small": 90.0}
