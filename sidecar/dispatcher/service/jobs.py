"""Jobs, for those who make them: accept, wait, look, cancel."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from dispatcher.core.job import Job, JobId, JobState, NewJob, NotAccepted, Owner
from dispatcher.core.task import DispatchRequest
from dispatcher.crash import crash_point
from dispatcher.errors import DispatcherError, IdempotencyConflict, JobNotFound, Overloaded
from dispatcher.metrics import Metrics
from dispatcher.service.dispatch import Dispatcher
from dispatcher.service.job_news import JobNews
from dispatcher.service.run_jobs import JobRunner
from dispatcher.store.database import Database
from dispatcher.store.job_ends import Ended, cancel_jobs, note_fetched
from dispatcher.store.jobs import Found, accept_jobs, find_jobs, newest_jobs, results_of

_RETRY_AFTER_S = 5.0


class Jobs:
    """What the API does with jobs. An owner of None sees everybody's jobs.

    Args:
        now: the monotonic clock; `wall` is Unix time. Both in seconds.
        open_max: how many jobs may wait or run.
    """

    def __init__(
        self,
        database: Database,
        runner: JobRunner,
        news: JobNews,
        metrics: Metrics,
        now: Callable[[], float],
        wall: Callable[[], float],
        open_max: int,
    ) -> None:
        self._database = database
        self._runner = runner
        self._news = news
        self._metrics = metrics
        self._now = now
        self._wall = wall
        self._open_max = open_max

    @property
    def is_stopping(self) -> bool:
        """Whether waiting is of no use any more."""
        return self._news.is_over

    async def accept(
        self, jobs: Sequence[NewJob], refusals: Mapping[JobId, DispatcherError]
    ) -> list[Job | DispatcherError]:
        """Take jobs of one owner: those that are returned are on the disk, all of them written at once.

        Those with a refusal aren't taken, unless their idempotency key says that they were long ago.

        Raises: StoreError, Overloaded: then none was taken.
        """
        if all(job.id in refusals and job.idempotency_key is None for job in jobs):
            return [refusals[job.id] for job in jobs]
        crash_point("received")
        ends = await accept_jobs(self._database, jobs, refusals.keys(), self._open_max)
        crash_point("accepted")
        self._runner.wake()
        return [
            self._refusal(end, refusals.get(job.id)) if isinstance(end, NotAccepted) else end
            for job, end in zip(jobs, ends, strict=True)
        ]

    async def wait(self, ids: Collection[JobId], owner: Owner | None, wait_s: float, *, for_all: bool) -> None:
        """Wait until one of these jobs, or all of them, are finished, but no longer than `wait_s` seconds."""
        if wait_s <= 0:
            return
        begun_s = self._now()
        with self._news.listening(ids, for_all=for_all) as listener:
            found = await find_jobs(self._database, ids, owner)
            for job_id in ids:
                if job_id not in found or not found[job_id].job.is_open:
                    listener.finished(job_id)
            await listener.wait(max(0.0, wait_s - (self._now() - begun_s)))

    async def find(self, ids: Collection[JobId], owner: Owner | None) -> dict[JobId, Found]:
        """Those of these jobs that there are, without their results."""
        return await find_jobs(self._database, ids, owner)

    async def fetch(self, jobs: Sequence[Job]) -> list[Job]:
        """These jobs with their results, which are taken to be fetched by that."""
        results = await results_of(self._database, [job.id for job in jobs if job.finished_at is not None])
        if results:
            note_fetched(self._database, results.keys(), self._wall())
        return [_with_result(job, results.get(job.id)) for job in jobs]

    async def newest(self, owner: Owner | None, state: JobState | None, limit: int) -> list[Job]:
        """The newest jobs, without their results."""
        return await newest_jobs(self._database, owner, state, limit)

    async def cancel(self, ids: Collection[JobId], owner: Owner | None) -> Ended:
        """End those that are open, their dispatches too, and forget the results of the others."""
        ended = await cancel_jobs(self._database, ids, owner, self._wall())
        self._runner.cancel(ended.cancelled)
        self._metrics.jobs_finished.labels(JobState.CANCELLED).inc(len(ended.cancelled))
        self._news.finished(ended.cancelled)
        return ended

    async def one(self, job_id: JobId, owner: Owner | None) -> Job:
        """One job, without its result.

        Raises: JobNotFound.
        """
        found = (await find_jobs(self._database, [job_id], owner)).get(job_id)
        if found is None:
            raise unknown_job()
        return found.job

    def _refusal(self, why: NotAccepted, refusal: DispatcherError | None) -> DispatcherError:
        if why is NotAccepted.OTHER_BODY:
            return IdempotencyConflict(
                "idempotency_key: it was used for another request; send the same body again, or a new key"
            )
        return refusal or Overloaded(
            f"{self._open_max} jobs are waiting already (AI_DISPATCH_JOBS_MAX)", retry_after_s=_RETRY_AFTER_S
        )


def refusals(dispatcher: Dispatcher, job: NewJob, request: DispatchRequest) -> dict[JobId, DispatcherError]:
    """Why this job can't be taken, if it can't."""
    try:
        dispatcher.admit(request)
    except DispatcherError as error:
        return {job.id: error}
    return {}


def unknown_job() -> JobNotFound:
    """What is said of a job that isn't there, or isn't for this caller to see."""
    return JobNotFound("id: there is no such job of yours; it was never accepted, or is long finished and forgotten")


def _with_result(job: Job, result: str | None) -> Job:
    """A job whose answer went between the two looks has expired."""
    is_gone = result is None and job.state in (JobState.DONE, JobState.FAILED)
    return replace(job, result=result, state=JobState.EXPIRED if is_gone else job.state)
