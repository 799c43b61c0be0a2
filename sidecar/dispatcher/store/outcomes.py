"""The log as outcomes to learn from: oldest first, in pages."""

import json
import sqlite3

import aiosqlite

from dispatcher.core.feedback import Feedback, FeedbackSource
from dispatcher.core.logged import LoggedOutcome
from dispatcher.errors import StoreError
from dispatcher.store.database import Database
from dispatcher.store.dispatch_rows import record_of
from dispatcher.store.replay import Log

_BITE = 25  # rows made into records at a time: the loop turns between them

# A retry is the same item of the same run of the same node; runs may be unknown, items may not. Embeddings are left
# out: vectors are no answers, and nothing is learned from them.
_OUTCOME = """
    SELECT
        log.rowid AS place,
        log.*, way, propensity, ranker, chosen, ranked, refused, why, deciding_term, flip, explored, features,
        variant, variant_propensity, variant_arms,
        (
            SELECT json_group_array(json_array(token, source, score, weight, created_at))
            FROM feedback WHERE feedback.dispatch_id = log.dispatch_id
        ) AS said,
        EXISTS (
            SELECT 1 FROM performance_logs AS later
            WHERE later.execution_id = log.execution_id AND later.node_id = log.node_id
                AND later.item_index = log.item_index AND later.run_index IS log.run_index
                AND later.workflow_id IS log.workflow_id AND later.started_at > log.started_at
                AND later.task_type <> 'embedding'
        ) AS was_retried
    FROM performance_logs AS log LEFT JOIN decisions USING (dispatch_id)
"""
_SINCE = f"""
    {_OUTCOME}
    WHERE log.rowid > :after AND log.started_at >= :since AND log.task_type <> 'embedding'
    ORDER BY log.rowid
    LIMIT :limit
"""
_WITH_NEWS = f"""
    {_OUTCOME}
    WHERE log.dispatch_id IN (SELECT dispatch_id FROM feedback WHERE created_at >= :since)
        AND log.task_type <> 'embedding'
    ORDER BY log.rowid
    LIMIT :limit
"""  # noqa: S608 - made of constants


async def outcomes(db: Database | Log, since: float, limit: int, after: int = 0) -> tuple[LoggedOutcome, ...]:
    """Dispatches that began since a Unix time and whose place is behind `after`, in the order in which they ended.

    Raises: StoreError, also when a row is of a version that this one can't read.
    """
    return await _read(db, _SINCE, {"since": since, "after": after, "limit": limit})


async def outcomes_with_news(db: Database | Log, since: float, limit: int) -> tuple[LoggedOutcome, ...]:
    """Dispatches of which somebody said something since a Unix time, however long ago they were."""
    return await _read(db, _WITH_NEWS, {"since": since, "limit": limit})


async def count_outcomes(db: Database, until: float = 1e11) -> int:
    """How many dispatches in the log began before a Unix time."""

    async def work(connection: aiosqlite.Connection) -> int:
        sql = "SELECT count(*) FROM performance_logs WHERE started_at < ?"
        ((count,),) = await connection.execute_fetchall(sql, (until,))
        return int(count)

    return await db.read(work)


async def _read(db: Database | Log, sql: str, values: dict[str, float]) -> tuple[LoggedOutcome, ...]:
    async def work(connection: aiosqlite.Connection) -> tuple[LoggedOutcome, ...]:
        found: list[LoggedOutcome] = []
        async with connection.execute(sql, values) as cursor:
            while rows := await cursor.fetchmany(_BITE):
                found.extend(_outcome(row) for row in rows)
        return tuple(found)

    try:
        return await db.read(work)
    except ValueError as error:  # an enum or JSON that another version wrote
        raise StoreError("The log holds rows of a version this one can't read: update it.") from error


def _outcome(row: sqlite3.Row) -> LoggedOutcome:
    said = json.loads(row["said"])
    return LoggedOutcome(
        place=row["place"],
        record=record_of(row),
        feedback=tuple(Feedback(one[0], FeedbackSource(one[1]), *one[2:]) for one in said),
        was_retried=bool(row["was_retried"]),
    )
