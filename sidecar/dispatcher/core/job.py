"""A job: a dispatch that was accepted to disk and is answered later."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from dispatcher.core.task import DispatchId

JobId = NewType("JobId", str)


class JobState(StrEnum):
    """Where a job is. `expired`: it was done, and its answer isn't kept any more."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


OPEN = frozenset({JobState.QUEUED, JobState.RUNNING})


class Owner(StrEnum):
    """Whose token made a job. The admin sees all jobs, the other only its own."""

    DISPATCH = "dispatch"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to accept. Times are Unix time in seconds; `payload` is the request as JSON, `share` who takes turns."""

    id: JobId
    owner: Owner
    share: str
    priority: int
    created_at: float
    deadline_at: float
    payload: str
    body_sha256: str
    idempotency_key: str | None = None
    callback_url: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its owner sees it; `result` is the answer of a done one or the error of a failed one, as JSON."""

    id: JobId
    state: JobState
    priority: int
    created_at: float
    deadline_at: float
    finished_at: float | None
    dispatch_id: DispatchId | None
    result: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still has to be answered."""
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in our hands: `epoch` is what its result must be committed with."""

    id: JobId
    epoch: int
    dispatch_id: DispatchId
    deadline_at: float
    tries: int
    payload: str


class NotAccepted(StrEnum):
    """Why a job wasn't taken."""

    OTHER_BODY = "other_body"  # its idempotency key stands for another request
    UNWANTED = "unwanted"  # whoever asks to accept it said so
    FULL = "full"  # as many jobs are open as may be
