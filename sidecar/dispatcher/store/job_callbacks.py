"""The table of jobs, for telling those who gave an address that their job is finished."""

from dataclasses import dataclass

import aiosqlite

from dispatcher.core.job import Job, JobId
from dispatcher.store.database import Database
from dispatcher.store.job_rows import COLUMNS, job_of

_DUE = f"""
    SELECT {COLUMNS}, result, callback_url, callback_tries FROM request_queue
    WHERE callback_due_at <= ? ORDER BY callback_due_at LIMIT ?
"""  # noqa: S608 - a constant
_NEXT = "SELECT min(callback_due_at) FROM request_queue WHERE callback_due_at IS NOT NULL"
_AGAIN = """
    UPDATE request_queue SET callback_due_at = ?, callback_tries = callback_tries + 1
    WHERE id = ? AND callback_due_at IS NOT NULL
"""
_OVER = """
    UPDATE request_queue
    SET callback_due_at = NULL, callback_url = NULL, fetched_at = iif(:was_told, coalesce(fetched_at, :now), fetched_at)
    WHERE id = :id
"""


@dataclass(frozen=True, slots=True)
class Callback:
    """A finished job, who is to be told of it, and how often that failed."""

    job: Job
    url: str
    tries: int


async def due_callbacks(db: Database, now: float, limit: int) -> list[Callback]:
    """Those that are to be sent now, the longest due first."""

    async def work(connection: aiosqlite.Connection) -> list[Callback]:
        rows = await connection.execute_fetchall(_DUE, (now, limit))
        return [Callback(job_of(row), row["callback_url"], row["callback_tries"]) for row in rows]

    return await db.read(work)


async def next_callback_at(db: Database) -> float | None:
    """When the next one is due."""

    async def work(connection: aiosqlite.Connection) -> float | None:
        (row,) = await connection.execute_fetchall(_NEXT)
        due_at: float | None = row[0]
        return due_at

    return await db.read(work)


async def callback_again(db: Database, job_id: JobId, due_at: float) -> None:
    """Note that it failed, and is to be tried again at `due_at`."""

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute(_AGAIN, (due_at, job_id))

    await db.write(work)


async def callback_over(db: Database, job_id: JobId, now: float, *, was_told: bool) -> None:
    """Note that it is over, and forget the address; who was told has fetched the job."""

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute(_OVER, {"id": job_id, "now": now, "was_told": was_told})

    await db.write(work)
