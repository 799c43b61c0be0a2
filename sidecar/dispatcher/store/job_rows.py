"""Rows of the table of jobs, and what they mean in core."""

import sqlite3

from dispatcher.core.job import Claim, Job, JobId, JobState, NewJob
from dispatcher.core.task import DispatchId

COLUMNS = "id, state, priority, created_at, deadline_at, finished_at, dispatch_id"
"""What `job_of` needs beside `result`."""


def new_row(job: NewJob) -> dict[str, object]:
    """The row of a job that is accepted."""
    return {
        "id": job.id,
        "owner": job.owner,
        "share": job.share,
        "priority": job.priority,
        "created_at": job.created_at,
        "deadline_at": job.deadline_at,
        "idempotency_key": job.idempotency_key,
        "body_sha256": job.body_sha256,
        "payload": job.payload,
        "payload_bytes": len(job.payload.encode()),
        "callback_url": job.callback_url,
    }


def fresh(job: NewJob) -> Job:
    """A job as it is just after it was accepted."""
    return Job(job.id, JobState.QUEUED, job.priority, job.created_at, job.deadline_at, None, None)


def job_of(row: sqlite3.Row) -> Job:
    """A job as its owner sees it."""
    return Job(
        id=JobId(row["id"]),
        state=JobState(row["state"]),
        priority=row["priority"],
        created_at=row["created_at"],
        deadline_at=row["deadline_at"],
        finished_at=row["finished_at"],
        dispatch_id=None if row["dispatch_id"] is None else DispatchId(row["dispatch_id"]),
        result=row["result"],
    )


def claim_of(row: sqlite3.Row) -> Claim:
    """A job in the hands of who claimed it."""
    return Claim(
        id=JobId(row["id"]),
        epoch=row["lease_epoch"],
        dispatch_id=DispatchId(row["dispatch_id"]),
        deadline_at=row["deadline_at"],
        tries=row["tries"],
        payload=row["payload"],
    )
