"""The table of jobs, for the one who runs them: claimed with a lease, and ended only by who holds that lease."""

from dataclasses import dataclass

import aiosqlite

from dispatcher.core.job import Claim, JobId, JobState
from dispatcher.store.database import Database
from dispatcher.store.job_rows import claim_of

# Of one priority, the shares take turns: whoever has the fewest jobs running goes next, and in a share the earliest
# deadline. `bytes` adds up the payloads, so that no more are taken than there is room for in memory.
_CLAIM = """
    WITH busy AS (
        SELECT share, count(*) AS running FROM request_queue WHERE state = 'running' GROUP BY share
    ), turns AS (
        SELECT
            rowid AS row, priority, deadline_at, payload_bytes, coalesce(running, 0)
                + row_number() OVER (PARTITION BY priority, share ORDER BY deadline_at, queue.rowid) AS turn
        FROM request_queue AS queue LEFT JOIN busy USING (share)
        WHERE state = 'queued' AND due_at <= :now AND deadline_at > :now AND was_cut <= :may_run_cut
    ), line AS (
        SELECT row, row_number() OVER places AS place, sum(payload_bytes) OVER places AS bytes FROM turns
        WINDOW places AS (ORDER BY priority DESC, turn, deadline_at, row ROWS UNBOUNDED PRECEDING)
    )
    UPDATE request_queue
    SET
        state = 'running', was_cut = 0, lease_owner = :owner, lease_epoch = lease_epoch + 1,
        lease_until_at = :until, dispatch_id = 'd_' || lower(hex(randomblob(16)))
    WHERE state = 'queued'
        AND rowid IN (SELECT row FROM line WHERE place <= :most AND (bytes <= :most_bytes OR (:is_idle AND place = 1)))
    RETURNING id, lease_epoch, dispatch_id, deadline_at, tries, payload
"""
_RENEW = "UPDATE request_queue SET lease_until_at = ? WHERE state = 'running' AND lease_owner = ?"
_HELD = "id = :id AND state = 'running' AND lease_owner = :owner AND lease_epoch = :epoch"
_FINISH = f"""
    UPDATE request_queue
    SET
        state = :state, result = :result, payload = NULL, lease_owner = NULL, lease_until_at = NULL,
        finished_at = :now, callback_due_at = iif(callback_url IS NULL, NULL, :now)
    WHERE {_HELD}
"""  # noqa: S608 - a constant
_AGAIN = f"""
    UPDATE request_queue
    SET state = 'queued', tries = tries + 1, due_at = :due_at, lease_owner = NULL, lease_until_at = NULL
    WHERE {_HELD}
"""  # noqa: S608 - a constant
_GIVE_BACK = """
    UPDATE request_queue SET state = 'queued', was_cut = 1, lease_owner = NULL, lease_until_at = NULL
    WHERE state = 'running' AND (lease_owner = :owner) = :is_own
"""
_CUT = "SELECT count(*) FROM request_queue WHERE state = 'queued' AND was_cut = 1"
_OVERDUE = """
    UPDATE request_queue
    SET
        state = 'failed', result = :result, payload = NULL, finished_at = :now,
        callback_due_at = iif(callback_url IS NULL, NULL, :now)
    WHERE state = 'queued' AND deadline_at <= :now
    RETURNING id
"""
_NEXT = """
    SELECT
        (SELECT min(deadline_at) FROM request_queue WHERE state = 'queued') AS deadline_at,
        (SELECT min(due_at) FROM request_queue WHERE state = 'queued' AND due_at > :now) AS due_at
"""


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """Who claims jobs, and until when it holds them unless it renews (Unix time, seconds)."""

    owner: str
    until_at: float


@dataclass(frozen=True, slots=True)
class Room:
    """How many jobs may be claimed. `is_idle`: nothing runs, so that one of any size may."""

    jobs: int
    payload_bytes: int
    is_idle: bool
    may_run_cut: bool  # those whose last run was broken off, too


async def claim_jobs(db: Database, terms: LeaseTerms, now: float, room: Room) -> list[Claim]:
    """Take those whose turn it is, as many as there is room for."""
    given = {
        "owner": terms.owner,
        "until": terms.until_at,
        "now": now,
        "most": room.jobs,
        "most_bytes": room.payload_bytes,
        "is_idle": room.is_idle,
        "may_run_cut": room.may_run_cut,
    }

    async def work(connection: aiosqlite.Connection) -> list[Claim]:
        return [claim_of(row) for row in await connection.execute_fetchall(_CLAIM, given)]

    return await db.write(work)


async def renew_leases(db: Database, terms: LeaseTerms) -> None:
    """Hold all that one holds for longer."""

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute(_RENEW, (terms.until_at, terms.owner))

    await db.write(work)


async def finish_job(db: Database, owner: str, claim: Claim, state: JobState, result: str, now: float) -> bool:
    """Commit a result, and forget the request. False when the job isn't this owner's any more: then nothing changes."""
    given = {"id": claim.id, "owner": owner, "epoch": claim.epoch, "state": state, "result": result, "now": now}
    return await _changed(db, _FINISH, given) == 1


async def run_again(db: Database, owner: str, claim: Claim, due_at: float) -> bool:
    """Put a job back in line, not to be run before `due_at`. False when it isn't this owner's any more."""
    given = {"id": claim.id, "owner": owner, "epoch": claim.epoch, "due_at": due_at}
    return await _changed(db, _AGAIN, given) == 1


async def give_back(db: Database, owner: str) -> int:
    """Put back in line all that this owner has, its runs being broken off; returns how many."""
    return await _changed(db, _GIVE_BACK, {"owner": owner, "is_own": True})


async def take_back(db: Database, owner: str) -> int:
    """Put back in line all that others have, who are dead: only one sidecar holds a data folder.

    Returns: how many wait now whose last run was broken off, by this or before.
    """

    async def work(connection: aiosqlite.Connection) -> int:
        await connection.execute(_GIVE_BACK, {"owner": owner, "is_own": False})
        (row,) = await connection.execute_fetchall(_CUT)
        return int(row[0])

    return await db.write(work)


async def end_overdue(db: Database, now: float, error: str) -> list[JobId]:
    """End with `error` (as JSON) all that wait and whose deadline has passed; returns which."""

    async def work(connection: aiosqlite.Connection) -> list[JobId]:
        rows = await connection.execute_fetchall(_OVERDUE, {"now": now, "result": error})
        return [JobId(row["id"]) for row in rows]

    return await db.write(work)


async def next_moment(db: Database, now: float) -> float | None:
    """When something changes by itself among those that wait: one is due again, or its deadline passes."""

    async def work(connection: aiosqlite.Connection) -> float | None:
        (row,) = await connection.execute_fetchall(_NEXT, {"now": now})
        moments = [moment for moment in (row["deadline_at"], row["due_at"]) if moment is not None]
        return min(moments, default=None)

    return await db.read(work)


async def _changed(db: Database, statement: str, given: dict[str, object]) -> int:
    async def work(connection: aiosqlite.Connection) -> int:
        return (await connection.execute(statement, given)).rowcount

    return await db.write(work)
