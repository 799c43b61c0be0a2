"""From jobs to the replies of the API, and back from what is stored."""

from collections.abc import Sequence

from pydantic import ValidationError

from dispatcher.api.job_bodies import stored_request
from dispatcher.api.job_schemas import JobReply
from dispatcher.api.middleware import error_reply
from dispatcher.api.replies import dispatch_reply
from dispatcher.api.requests import RequestLimits
from dispatcher.api.schemas import DispatchReply, ErrorDetail
from dispatcher.api.times import iso
from dispatcher.core.job import Job, JobState
from dispatcher.core.task import DispatchId
from dispatcher.errors import DispatcherError, JobCancelled, JobExpired
from dispatcher.service.job_words import JobWords
from dispatcher.store.jobs import Found

JOBS_MAX = 100
CHARS_MAX = 8 * 1024 * 1024


def job_words(limits: RequestLimits) -> JobWords:
    """How jobs are stored and told."""
    return JobWords(
        request=lambda payload: stored_request(payload, limits),
        answer=lambda answer: dispatch_reply(answer).model_dump_json(by_alias=True),
        error=_error_text,
        reply=lambda job: job_reply(job).model_dump_json(by_alias=True).encode(),
    )


def job_reply(job: Job) -> JobReply:
    """One job; with its answer if that was looked up."""
    result, error = _told(job)
    return JobReply(
        job_id=job.id,
        state=job.state,
        priority=job.priority,
        created_at=iso(job.created_at),
        deadline_at=iso(job.deadline_at),
        finished_at=None if job.finished_at is None else iso(job.finished_at),
        dispatch_id=job.dispatch_id,
        result=result,
        error=error,
    )


def that_fit(found: Sequence[Found]) -> list[Job]:
    """As many of these finished jobs, from the first on, as one reply may hold."""
    fit: list[Job] = []
    chars = 0
    for one in found[:JOBS_MAX]:
        chars += one.result_chars
        if fit and chars > CHARS_MAX:
            break
        fit.append(one.job)
    return fit


def _told(job: Job) -> tuple[DispatchReply | None, ErrorDetail | None]:
    if (error := _gone(job)) is not None:
        return None, error_reply(error, job.dispatch_id).error
    if job.result is None:
        return None, None
    try:
        if job.state is JobState.DONE:
            return DispatchReply.model_validate_json(job.result), None
        return None, ErrorDetail.model_validate_json(job.result)
    except ValidationError:
        other = JobExpired("the job was answered by a version of AI Dispatch that this one can't read; send it again")
        return None, error_reply(other, job.dispatch_id).error


def _error_text(error: DispatcherError, dispatch_id: DispatchId | None) -> str:
    return error_reply(error, dispatch_id).error.model_dump_json()


def _gone(job: Job) -> DispatcherError | None:
    """Why a finished job has neither an answer nor an error of its own."""
    if job.state is JobState.CANCELLED:
        return JobCancelled("the job was cancelled before it had an answer")
    if job.state is JobState.EXPIRED:
        return JobExpired("the job's answer isn't kept any more; send the request again, with another idempotency key")
    return None
