"""The table of jobs, for ending them early and for forgetting them."""

from collections.abc import Collection
from dataclasses import dataclass

import aiosqlite
import orjson

from dispatcher.core.job import JobId, Owner
from dispatcher.store.database import Database

_CHUNK = 500

_MINE = "id IN (SELECT value FROM json_each(:ids)) AND (:owner IS NULL OR owner = :owner)"
_CANCEL = f"""
    UPDATE request_queue
    SET
        state = 'cancelled', payload = NULL, lease_owner = NULL, lease_until_at = NULL, lease_epoch = lease_epoch + 1,
        finished_at = :now, callback_due_at = iif(callback_url IS NULL, NULL, :now)
    WHERE state IN ('queued', 'running') AND {_MINE}
    RETURNING id
"""  # noqa: S608 - a constant
_FORGET_NOW = f"""
    UPDATE request_queue
    SET state = 'expired', result = NULL, fetched_at = :now, callback_url = NULL, callback_due_at = NULL
    WHERE state IN ('done', 'failed') AND {_MINE}
    RETURNING id
"""  # noqa: S608 - a constant
_FETCHED = """
    UPDATE request_queue SET fetched_at = :now
    WHERE fetched_at IS NULL AND finished_at IS NOT NULL AND id IN (SELECT value FROM json_each(:ids))
"""
# An error holds no text of anybody's, so that only answers are forgotten once they were fetched.
_FORGET = """
    UPDATE request_queue SET state = 'expired', result = NULL, callback_url = NULL, callback_due_at = NULL
    WHERE rowid IN (
        SELECT rowid FROM request_queue
        WHERE state = 'done' AND (
            (fetched_at <= :fetched_before AND callback_due_at IS NULL) OR finished_at <= :finished_before
        )
        LIMIT :limit
    )
"""
_DELETE = """
    DELETE FROM request_queue
    WHERE rowid IN (SELECT rowid FROM request_queue WHERE finished_at <= :finished_before LIMIT :limit)
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """Which jobs were cancelled, and of which the result was forgotten."""

    cancelled: frozenset[JobId]
    forgotten: frozenset[JobId]


async def cancel_jobs(db: Database, ids: Collection[JobId], owner: Owner | None, now: float) -> Ended:
    """End those of these jobs that are open, and forget the results of the others; whoever runs one is fenced off."""
    given = {"ids": orjson.dumps(list(ids)).decode(), "owner": owner, "now": now}

    async def work(connection: aiosqlite.Connection) -> Ended:
        forgotten = await connection.execute_fetchall(_FORGET_NOW, given)
        cancelled = await connection.execute_fetchall(_CANCEL, given)
        return Ended(frozenset(JobId(row["id"]) for row in cancelled), frozenset(JobId(row["id"]) for row in forgotten))

    return await db.write(work)


def note_fetched(db: Database, ids: Collection[JobId], now: float) -> None:
    """Have it noted, soon, that these finished jobs were handed out."""
    given = {"ids": orjson.dumps(list(ids)).decode(), "now": now}

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute(_FETCHED, given)

    db.post(work)


async def forget_answers(db: Database, fetched_before: float, finished_before: float) -> int:
    """Forget answers that were fetched, or finished, by then (Unix time); returns how many were forgotten.

    One that is still to be told to a callback isn't forgotten for having been fetched.
    """
    return await _in_chunks(db, _FORGET, {"fetched_before": fetched_before, "finished_before": finished_before})


async def delete_jobs(db: Database, finished_before: float) -> int:
    """Delete the rows of jobs that were finished by then; returns how many."""
    return await _in_chunks(db, _DELETE, {"finished_before": finished_before})


async def _in_chunks(db: Database, statement: str, given: dict[str, float]) -> int:
    """Small bites, so that other writers hardly wait."""
    changed = 0
    while True:

        async def work(connection: aiosqlite.Connection) -> int:
            return (await connection.execute(statement, {**given, "limit": _CHUNK})).rowcount

        count = await db.write(work)
        changed += count
        if count < _CHUNK:
            return changed
