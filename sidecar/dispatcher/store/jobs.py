"""The table of jobs, for those who make jobs and look at them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import aiosqlite
import orjson

from dispatcher.core.job import Job, JobId, JobState, NewJob, NotAccepted, Owner
from dispatcher.store.database import Database
from dispatcher.store.job_rows import COLUMNS, fresh, job_of, new_row

# Each part has an index of its own, which SQLite uses only when the condition is that index's.
_COUNT_OPEN = """
    SELECT (SELECT count(*) FROM request_queue WHERE state = 'queued')
        + (SELECT count(*) FROM request_queue WHERE state = 'running')
"""
_BY_KEY = f"""
    SELECT idempotency_key, body_sha256, {COLUMNS}, NULL AS result FROM request_queue
    WHERE owner = ? AND idempotency_key IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - a constant
_INSERT = """
    INSERT INTO request_queue (
        id, owner, share, priority, created_at, deadline_at, due_at, idempotency_key, body_sha256, payload,
        payload_bytes, callback_url
    ) VALUES (
        :id, :owner, :share, :priority, :created_at, :deadline_at, :created_at, :idempotency_key, :body_sha256,
        :payload, :payload_bytes, :callback_url
    )
"""
_IN_SIGHT = "(:owner IS NULL OR owner = :owner)"
_BY_ID = f"""
    SELECT {COLUMNS}, NULL AS result, coalesce(length(result), 0) AS result_chars FROM request_queue
    WHERE id IN (SELECT value FROM json_each(:ids)) AND {_IN_SIGHT}
"""  # noqa: S608 - constants
_RESULTS = "SELECT id, result FROM request_queue WHERE id IN (SELECT value FROM json_each(?))"
_NEWEST = f"""
    SELECT {COLUMNS}, iif(state = 'failed', result, NULL) AS result FROM request_queue
    WHERE (:state IS NULL OR state = :state) AND {_IN_SIGHT}
    ORDER BY created_at DESC, rowid DESC LIMIT :limit
"""  # noqa: S608 - constants
_COUNTS = """
    SELECT 'queued', count(*) FROM request_queue WHERE state = 'queued'
    UNION ALL SELECT 'running', count(*) FROM request_queue WHERE state = 'running'
    UNION ALL SELECT state, count(*) FROM request_queue WHERE finished_at IS NOT NULL GROUP BY state
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A job without its result, and how long that is."""

    job: Job
    result_chars: int


async def accept_jobs(
    db: Database, jobs: Sequence[NewJob], unwanted: Collection[JobId], open_max: int
) -> list[Job | NotAccepted]:
    """Write down all of these jobs, of one owner, that there is room for; all are on the disk when it returns.

    A job whose idempotency key is known isn't written: what it gives is the job that has the key, even for an
    `unwanted` one. Those aren't written in any case.
    """
    keys = [job.idempotency_key for job in jobs if job.idempotency_key is not None]

    async def work(connection: aiosqlite.Connection) -> list[Job | NotAccepted]:
        known: dict[str, tuple[str, Job]] = {}
        if keys:
            for row in await connection.execute_fetchall(_BY_KEY, (jobs[0].owner, orjson.dumps(keys).decode())):
                known[row["idempotency_key"]] = (row["body_sha256"], job_of(row))
        (count,) = await connection.execute_fetchall(_COUNT_OPEN)
        ends, new = _sorted_out(jobs, known, unwanted, open_max - count[0])
        await connection.executemany(_INSERT, [new_row(job) for job in new])
        return ends

    return await db.write(work)


def _sorted_out(
    jobs: Sequence[NewJob], known: dict[str, tuple[str, Job]], unwanted: Collection[JobId], room: int
) -> tuple[list[Job | NotAccepted], list[NewJob]]:
    """What becomes of each job, and those that are new. `known` holds, and takes up, jobs by their keys."""
    ends: list[Job | NotAccepted] = []
    new: list[NewJob] = []
    for job in jobs:
        holder = known.get(job.idempotency_key) if job.idempotency_key is not None else None
        if holder is not None:
            ends.append(holder[1] if holder[0] == job.body_sha256 else NotAccepted.OTHER_BODY)
        elif job.id in unwanted:
            ends.append(NotAccepted.UNWANTED)
        elif len(new) >= room:
            ends.append(NotAccepted.FULL)
        else:
            new.append(job)
            ends.append(fresh(job))
            if job.idempotency_key is not None:
                known[job.idempotency_key] = (job.body_sha256, fresh(job))
    return ends, new


async def find_jobs(db: Database, ids: Collection[JobId], owner: Owner | None) -> dict[JobId, Found]:
    """Those of these jobs that there are and that this owner may see (None sees all); without their results."""
    given = {"ids": orjson.dumps(list(ids)).decode(), "owner": owner}

    async def work(connection: aiosqlite.Connection) -> dict[JobId, Found]:
        rows = await connection.execute_fetchall(_BY_ID, given)
        return {JobId(row["id"]): Found(job_of(row), row["result_chars"]) for row in rows}

    return await db.read(work)


async def results_of(db: Database, ids: Collection[JobId]) -> dict[JobId, str | None]:
    """The results of these jobs."""
    given = orjson.dumps(list(ids)).decode()

    async def work(connection: aiosqlite.Connection) -> dict[JobId, str | None]:
        return {JobId(row["id"]): row["result"] for row in await connection.execute_fetchall(_RESULTS, (given,))}

    return await db.read(work)


async def newest_jobs(db: Database, owner: Owner | None, state: JobState | None, limit: int) -> list[Job]:
    """The newest jobs that this owner may see (None sees all), with their errors but without their answers."""

    async def work(connection: aiosqlite.Connection) -> list[Job]:
        rows = await connection.execute_fetchall(_NEWEST, {"owner": owner, "state": state, "limit": limit})
        return [job_of(row) for row in rows]

    return await db.read(work)


async def count_jobs(db: Database) -> dict[JobState, int]:
    """How many jobs there are in each state."""

    async def work(connection: aiosqlite.Connection) -> dict[JobState, int]:
        counts = {JobState(state): count for state, count in await connection.execute_fetchall(_COUNTS)}
        return {state: counts.get(state, 0) for state in JobState}

    return await db.read(work)
