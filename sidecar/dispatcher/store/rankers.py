"""The rankers there are, and which of them is in charge: at most one live, and one on trial."""

import sqlite3

import aiosqlite
from pydantic import TypeAdapter

from dispatcher.core.promotion import Stage
from dispatcher.core.ranker_entry import KEPT_MAX, Assessment, RankerEntry
from dispatcher.store.database import Database

_ASSESSMENT = TypeAdapter(Assessment)
_ADD = """
    INSERT INTO rankers (id, created_at, state, sha256, card, evaluation, changed_at, why)
    VALUES (:id, :created_at, :state, :sha256, :card, :evaluation, :changed_at, :why)
"""
_STEP_DOWN = """
    UPDATE rankers SET
        state = CASE state WHEN 'live' THEN 'retired' ELSE 'candidate' END,
        changed_at = max(changed_at, :now),
        why = CASE state WHEN 'live' THEN 'replaced by ' ELSE 'off trial for ' END || :id
    WHERE id <> :id AND (
        (state = 'live' AND :state = 'live') OR (state IN ('shadow', 'canary') AND :state IN ('shadow', 'canary')))
"""
_MOVE = """
    UPDATE rankers SET
        state = :state, changed_at = max(changed_at, :now), why = :why, evaluation = coalesce(:evaluation, evaluation)
    WHERE id = :id
"""
_FORGET = """
    DELETE FROM rankers
    WHERE id IN (
        SELECT id FROM (
            SELECT
                id,
                row_number() OVER (
                    PARTITION BY state = 'retired' ORDER BY changed_at DESC, created_at DESC, id
                ) AS place
            FROM rankers WHERE state NOT IN ('live', 'shadow', 'canary')
        ) WHERE place > :kept
    )
    RETURNING id
"""


async def add_ranker(db: Database, entry: RankerEntry) -> None:
    """Enter a new one."""
    row = _row(entry)
    await db.write(lambda connection: connection.execute(_ADD, row))


async def all_rankers(db: Database) -> tuple[RankerEntry, ...]:
    """Every ranker that is kept, the newest first."""

    async def work(connection: aiosqlite.Connection) -> tuple[RankerEntry, ...]:
        rows = await connection.execute_fetchall("SELECT * FROM rankers ORDER BY created_at DESC, id DESC")
        return tuple(_entry(row) for row in rows)

    return await db.read(work)


async def move_ranker(
    db: Database, ranker_id: str, stage: Stage, why: str, now_at: float, assessment: Assessment | None = None
) -> None:
    """Bring a ranker to a stage. Who was live, or on trial, steps down for it; with an id of none, only that."""
    values = {
        "id": ranker_id,
        "state": stage,
        "why": why,
        "now": now_at,
        "evaluation": _assessment_json(assessment),
    }

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute(_STEP_DOWN, values)
        await connection.execute(_MOVE, values)

    await db.write(work)


async def forget_rankers(db: Database, kept: int = KEPT_MAX) -> tuple[str, ...]:
    """Drop those that are no longer needed: of the ones that were live, and of all others, the newest few stay.

    Returns: whose files may go.
    """

    async def work(connection: aiosqlite.Connection) -> tuple[str, ...]:
        rows = await connection.execute_fetchall(_FORGET, {"kept": kept})
        return tuple(row["id"] for row in rows)

    return await db.write(work)


def _row(entry: RankerEntry) -> dict[str, object]:
    return {
        "id": entry.id,
        "created_at": entry.created_at,
        "state": entry.stage,
        "sha256": entry.sha256,
        "card": entry.card,
        "evaluation": _assessment_json(entry.assessment),
        "changed_at": entry.changed_at,
        "why": entry.why,
    }


def _assessment_json(assessment: Assessment | None) -> str | None:
    return None if assessment is None else _ASSESSMENT.dump_json(assessment).decode()


def _entry(row: sqlite3.Row) -> RankerEntry:
    return RankerEntry(
        id=row["id"],
        created_at=row["created_at"],
        stage=Stage(row["state"]),
        sha256=row["sha256"],
        card=row["card"],
        assessment=None if row["evaluation"] is None else _ASSESSMENT.validate_json(row["evaluation"]),
        changed_at=row["changed_at"],
        why=row["why"],
    )
