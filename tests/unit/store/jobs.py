"""Jobs for tests of their table: plain ones, changed by keyword."""

import itertools

from dispatcher.core.job import Claim, Job, JobId, JobState, NewJob, Owner
from dispatcher.store.database import Database
from dispatcher.store.job_leases import LeaseTerms, Room, claim_jobs
from dispatcher.store.jobs import accept_jobs, find_jobs

NOW = 1_000_000.0
ROOM = Room(jobs=100, payload_bytes=1_000_000, is_idle=True, may_run_cut=True)
_numbers = itertools.count()


def new_job(**changes: object) -> NewJob:
    """A job that has a minute from NOW."""
    values: dict[str, object] = {
        "id": JobId(f"j_{next(_numbers)}"),
        "owner": Owner.DISPATCH,
        "share": "",
        "priority": 0,
        "created_at": NOW,
        "deadline_at": NOW + 60,
        "payload": '{"prompt":"hi"}',
        "body_sha256": "0" * 64,
    }
    return NewJob(**{**values, **changes})  # type: ignore[arg-type]


async def accept(db: Database, *jobs: NewJob) -> list[JobId]:
    """Accept jobs, all of them."""
    ends = await accept_jobs(db, jobs, (), 10_000)
    assert all(isinstance(end, Job) for end in ends)
    return [job.id for job in jobs]


async def claim(db: Database, owner: str = "me", now: float = NOW, room: Room = ROOM) -> list[Claim]:
    """Claim jobs, in the order in which they were accepted."""
    return await claim_jobs(db, LeaseTerms(owner, now + 30), now, room)


async def state_of(db: Database, job_id: JobId) -> JobState:
    """The state of one job."""
    return (await find_jobs(db, [job_id], None))[job_id].job.state
