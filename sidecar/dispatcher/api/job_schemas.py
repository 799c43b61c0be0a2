"""The JSON bodies of the routes about jobs."""

from typing import Annotated

from pydantic import Field, RootModel

from dispatcher.api.schemas import Body, DispatchReply, ErrorDetail, PromptBody, Reply
from dispatcher.core.job import JobState

BATCH_MAX = 1000
IdempotencyKey = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Id = Annotated[str, Field(min_length=1, max_length=100)]
_Ids = Annotated[list[_Id], Field(min_length=1, max_length=BATCH_MAX)]


class JobBody(PromptBody):
    """One prompt to answer later: either `prompt` or `messages`."""

    callback_url: str | None = Field(
        None,
        max_length=2000,
        description="Is sent the JobReply when the job is finished; see AI_DISPATCH_CALLBACK_HOSTS.",
    )
    idempotency_key: IdempotencyKey | None = Field(
        None, description="The same key with the same body is the same job, however often it is sent."
    )


class JobBatchBody(Body):
    """Many prompts at once. One that is bad gets an error of its own, and the others are taken."""

    jobs: list[JobBody] = Field(min_length=1, max_length=BATCH_MAX)


class JobsBody(RootModel[JobBody | JobBatchBody]):
    """One job, or many."""


class CollectBody(Body):
    """Jobs to wait for."""

    ids: _Ids
    wait: float = Field(0.0, ge=0, le=25, description="Seconds to wait until at least one of them is finished.")


class JobIdsBody(Body):
    """Jobs to cancel."""

    ids: _Ids


class JobReply(Reply):
    """One job. `result` is there when it is done, `error` when it won't ever be."""

    job_id: str
    state: JobState
    priority: int
    created_at: str
    deadline_at: str
    finished_at: str | None
    dispatch_id: str | None = Field(description="Its last run in the log; absent before the first.")
    result: DispatchReply | None
    error: ErrorDetail | None


class RefusedJobReply(Reply):
    """A job of a batch that wasn't taken, and why."""

    error: ErrorDetail


class UnknownJobReply(Reply):
    """A job that there isn't, or that isn't the caller's."""

    job_id: str
    error: ErrorDetail


class JobBatchReply(Reply):
    """What became of each job of a batch, in the order sent. Answers beyond 8 MiB are left out: collect them."""

    jobs: list[JobReply | RefusedJobReply]


class JobsReply(RootModel[JobReply | JobBatchReply]):
    """One job, or many, as was sent."""


class CollectReply(Reply):
    """Finished jobs, at most 100 and about 8 MiB of them; those that don't exist are finished, too."""

    jobs: list[JobReply | UnknownJobReply]
    unfinished: list[str] = Field(description="The ids to ask for again: open jobs, and those there was no room for.")
    running: list[str] = Field(description="Those of them that are being answered now.")


class JobListReply(Reply):
    """Jobs, the newest first, without their answers."""

    jobs: list[JobReply]


class CancelledReply(Reply):
    """How many jobs were cancelled, had their answer forgotten, or aren't there; the rest was over already."""

    cancelled: int
    forgotten: int
    unknown: int
