"""The optimizer's rules: what was suggested, and what came of it."""

import sqlite3
from collections.abc import Sequence

import aiosqlite
from pydantic import TypeAdapter

from dispatcher.core.advice.rule import Author, Change, Evidence, Rule, RuleState, Suggestion
from dispatcher.store.database import Database

_CHANGE = TypeAdapter(Change)
_EVIDENCE = TypeAdapter(Evidence)
_QUIET_S = 7 * 86_400.0  # for so long nothing is suggested again that was tried
_ROWS_MAX = 500

_ADD = """
    INSERT INTO optimization_rules (kind, scope, scope_id, payload, evidence, state, created_at, changed_at)
    VALUES (:kind, 'model', :model_id, :payload, :evidence, 'proposed', :now, :now)
    RETURNING *
"""
_TRIED = """
    SELECT 1 FROM optimization_rules
    WHERE kind = :kind AND scope_id = :model_id AND (
        state IN ('applied', 'measured') OR (state IN ('kept', 'rolled_back') AND changed_at > :now - :quiet)
        OR (state = 'proposed' AND evidence ->> 'author' = 'admin'))
"""
_RENEW = """
    UPDATE optimization_rules SET payload = :payload, evidence = :evidence, changed_at = max(changed_at, :now)
    WHERE kind = :kind AND scope_id = :model_id AND state = 'proposed'
    RETURNING *
"""
_WITHDRAW = """
    DELETE FROM optimization_rules
    WHERE state = 'proposed' AND evidence ->> 'author' = 'optimizer' AND id NOT IN (SELECT value FROM json_each(:kept))
"""
_MOVE = """
    UPDATE optimization_rules SET
        payload = :payload, evidence = :evidence, state = :state, changed_at = max(changed_at, :now)
    WHERE id = :id AND state = :was
"""


async def add_rule(db: Database, change: Change, evidence: Evidence, now_at: float) -> Rule:
    """Enter a proposal."""

    async def work(connection: aiosqlite.Connection) -> Rule:
        (row,) = await connection.execute_fetchall(_ADD, _values(change, evidence, now_at))
        return _rule(row)

    return await db.write(work)


async def propose(db: Database, suggestions: Sequence[Suggestion], now_at: float) -> tuple[Rule, ...]:
    """Make these the optimizer's proposals: known ones are renewed, those it suggests no longer go.

    What is applied, or was tried within a week, isn't proposed again.
    """

    async def work(connection: aiosqlite.Connection) -> tuple[Rule, ...]:
        proposed = [rule for one in suggestions for rule in await _proposed(connection, one, now_at)]
        await connection.execute(_WITHDRAW, {"kept": f"[{','.join(str(rule.id) for rule in proposed)}]"})
        return tuple(proposed)

    return await db.write(work)


async def all_rules(db: Database, rows_max: int = _ROWS_MAX) -> tuple[Rule, ...]:
    """The rules, the newest first."""

    async def work(connection: aiosqlite.Connection) -> tuple[Rule, ...]:
        sql = "SELECT * FROM optimization_rules ORDER BY id DESC LIMIT ?"
        return tuple(_rule(row) for row in await connection.execute_fetchall(sql, (rows_max,)))

    return await db.read(work)


async def rule_by_id(db: Database, rule_id: int) -> Rule | None:
    """One rule, or None."""

    async def work(connection: aiosqlite.Connection) -> Rule | None:
        rows = list(await connection.execute_fetchall("SELECT * FROM optimization_rules WHERE id = ?", (rule_id,)))
        return _rule(rows[0]) if rows else None

    return await db.read(work)


async def move_rule(db: Database, rule: Rule, was: RuleState, now_at: float) -> bool:
    """Write a rule down as it stands now, if it still stood where it `was`; returns whether it did."""
    values = {**_values(rule.change, rule.evidence, now_at), "id": rule.id, "state": rule.state, "was": was}

    async def work(connection: aiosqlite.Connection) -> bool:
        cursor = await connection.execute(_MOVE, values)
        return cursor.rowcount == 1

    return await db.write(work)


async def _proposed(connection: aiosqlite.Connection, suggestion: Suggestion, now_at: float) -> Sequence[Rule]:
    evidence = Evidence(Author.OPTIMIZER, suggestion.why, suggestion.saves_gb_s)
    values = {**_values(suggestion.change, evidence, now_at), "quiet": _QUIET_S}
    if list(await connection.execute_fetchall(_TRIED, values)):
        return ()
    rows = list(await connection.execute_fetchall(_RENEW, values))
    rows = rows or list(await connection.execute_fetchall(_ADD, values))
    return [_rule(row) for row in rows]


def _values(change: Change, evidence: Evidence, now_at: float) -> dict[str, object]:
    return {
        "kind": change.kind,
        "model_id": change.model_id,
        "payload": _CHANGE.dump_json(change).decode(),
        "evidence": _EVIDENCE.dump_json(evidence).decode(),
        "now": now_at,
    }


def _rule(row: sqlite3.Row) -> Rule:
    return Rule(
        id=row["id"],
        change=_CHANGE.validate_json(row["payload"]),
        evidence=_EVIDENCE.validate_json(row["evidence"]),
        state=RuleState(row["state"]),
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
