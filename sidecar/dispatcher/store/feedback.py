"""What callers said of answers: one word each per dispatch, token and source; the last one counts."""

import sqlite3
from dataclasses import dataclass

import aiosqlite

from dispatcher.core.feedback import FeedbackSource, day_begins_at, weight_of
from dispatcher.core.task import DispatchId
from dispatcher.store.database import Database

_IS_KNOWN = "SELECT 1 FROM performance_logs WHERE dispatch_id = ?"
_COUNTED = """
    SELECT count(*) FROM feedback
    WHERE token = :token AND created_at >= :day AND weight > 0
        AND NOT (dispatch_id = :dispatch_id AND source = :source)
"""
_SAY = """
    INSERT INTO feedback (dispatch_id, token, source, score, comment, weight, created_at)
    VALUES (:dispatch_id, :token, :source, :score, :comment, :weight, :now)
    ON CONFLICT (dispatch_id, token, source) DO UPDATE SET
        score = excluded.score, comment = excluded.comment, weight = excluded.weight, created_at = excluded.created_at
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a caller says. `score` 0..1; `created_at` in Unix seconds; `token` is the name of the caller's."""

    dispatch_id: DispatchId
    token: str
    source: FeedbackSource
    score: float
    comment: str | None
    created_at: float


async def say(db: Database, said: Said, daily_max: int) -> float | None:
    """Write it down in place of what the same token said before from the same source.

    Returns: what it counts, 0 beyond `daily_max` of the token's day; None when the log has no such dispatch (any more).
    """
    values = {
        "dispatch_id": said.dispatch_id,
        "token": said.token,
        "source": said.source,
        "score": said.score,
        "comment": said.comment,
        "now": said.created_at,
        "day": day_begins_at(said.created_at),
    }

    async def work(connection: aiosqlite.Connection) -> float | None:
        if not list(await connection.execute_fetchall(_IS_KNOWN, (said.dispatch_id,))):
            return None
        ((counted,),) = await connection.execute_fetchall(_COUNTED, values)
        weight = weight_of(counted, daily_max)
        await connection.execute(_SAY, {**values, "weight": weight})
        return weight

    return await db.write(work)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was said, and what it counts."""

    said: Said
    weight: float


async def feedback_on(db: Database, dispatch_id: DispatchId) -> tuple[Kept, ...]:
    """All that was said of one dispatch, in the order in which it was said."""

    async def work(connection: aiosqlite.Connection) -> tuple[Kept, ...]:
        rows = await connection.execute_fetchall(
            "SELECT * FROM feedback WHERE dispatch_id = ? ORDER BY created_at, token, source", (dispatch_id,)
        )
        return tuple(_kept(row) for row in rows)

    return await db.read(work)


def _kept(row: sqlite3.Row) -> Kept:
    said = Said(
        dispatch_id=row["dispatch_id"],
        token=row["token"],
        source=FeedbackSource(row["source"]),
        score=row["score"],
        comment=row["comment"],
        created_at=row["created_at"],
    )
    return Kept(said, row["weight"])
