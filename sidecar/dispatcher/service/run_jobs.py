"""Running jobs: claimed from the disk in the order of their turns, dispatched, and their results committed."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from dispatcher.core.job import Claim, JobId, JobState
from dispatcher.crash import crash_point
from dispatcher.errors import DeadlineExceeded, DispatcherError
from dispatcher.metrics import Metrics
from dispatcher.service.dispatch import Dispatcher
from dispatcher.service.job_news import JobNews
from dispatcher.service.job_retry import again_in_s
from dispatcher.service.job_words import JobWords
from dispatcher.store.database import Database
from dispatcher.store.job_leases import (
    LeaseTerms,
    Room,
    claim_jobs,
    end_overdue,
    finish_job,
    give_back,
    next_moment,
    renew_leases,
    run_again,
    take_back,
)

_LOG = structlog.get_logger(__name__)
_LEASE_S = 30.0
_STORE_AGAIN_S = 1.0
_LOOK_AT_LEAST_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class RunLimits:
    """How many jobs may run at once, and how large their requests may be together."""

    jobs_max: int
    bytes_max: int


class JobRunner:
    """Runs jobs for as long as it isn't closed.

    Args:
        owner: the name of this run of the sidecar; no other has the same.
        until_quiet: waits until nothing works any more on what an earlier run of the sidecar had begun.
        wall: Unix time, in seconds.
    """

    def __init__(
        self,
        database: Database,
        dispatcher: Dispatcher,
        words: JobWords,
        news: JobNews,
        metrics: Metrics,
        owner: str,
        until_quiet: Callable[[], Awaitable[None]],
        wall: Callable[[], float],
        limits: RunLimits,
    ) -> None:
        self._database = database
        self._dispatcher = dispatcher
        self._words = words
        self._news = news
        self._metrics = metrics
        self._owner = owner
        self._until_quiet = until_quiet
        self._wall = wall
        self._limits = limits
        self._running: dict[JobId, _Running] = {}
        self._is_quiet = False
        self._is_closed = False
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """There may be something to do."""
        self._awake.set()

    def cancel(self, ids: Collection[JobId]) -> None:
        """Break off the runs of these jobs, whose state says so already."""
        for job_id in ids:
            if (running := self._running.get(job_id)) is not None:
                running.task.cancel()

    async def take_over(self) -> None:
        """Put back in line what an earlier run of the sidecar, which is dead, was working on."""
        cut = await take_back(self._database, self._owner)
        crash_point("taken_back")
        self._is_quiet = cut == 0
        if cut:
            _LOG.info("jobs_taken_back", jobs=cut)

    async def run(self) -> None:
        """Claim jobs whenever there is room, and end those that wait too long; for ever."""
        while not self._is_closed:
            self._awake.clear()
            try:
                await self._end_overdue()
                await self._claim()
                wait_s = await self._nothing_happens_for_s()
            except DispatcherError as error:
                _LOG.warning("jobs_stuck", reason=error.message)
                wait_s = _STORE_AGAIN_S
            try:
                async with asyncio.timeout(wait_s):
                    await self._awake.wait()
            except TimeoutError:
                continue

    async def settle(self) -> None:
        """Let jobs whose last run was broken off be run again, once that can't be going on any more."""
        if not self._is_quiet:
            await self._until_quiet()
            self._is_quiet = True
            self.wake()

    async def renew(self) -> None:
        """Hold what runs for longer, three times per lease, for ever."""
        while True:
            await asyncio.sleep(_LEASE_S / 3)
            if self._running:
                await renew_leases(self._database, self._terms())

    async def close(self) -> None:
        """Claim no more, break off what runs, and put it back in line for the next run of the sidecar."""
        self._is_closed = True
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            given = await give_back(self._database, self._owner)
        except DispatcherError as error:  # the next run takes them back
            _LOG.warning("jobs_not_given_back", reason=error.message)
        else:
            if given:
                _LOG.info("jobs_given_back", jobs=given)

    async def _end_overdue(self) -> None:
        error = DeadlineExceeded("the deadline passed while the job waited for its turn; raise requirements.timeout")
        self._ended(await end_overdue(self._database, self._wall(), self._words.error(error, None)), JobState.FAILED)

    async def _claim(self) -> None:
        room = Room(
            jobs=self._limits.jobs_max - len(self._running),
            payload_bytes=self._limits.bytes_max - sum(running.payload_bytes for running in self._running.values()),
            is_idle=not self._running,
            may_run_cut=self._is_quiet,
        )
        if room.jobs <= 0 or self._is_closed:
            return
        claims = await claim_jobs(self._database, self._terms(), self._wall(), room)
        if claims:
            crash_point("claimed")
        self._start(claims)

    def _start(self, claims: Sequence[Claim]) -> None:
        if self._is_closed:  # it gives back what was claimed meanwhile
            return
        for claim in claims:
            task = asyncio.create_task(self._work(claim), name=f"job {claim.id}")
            self._running[claim.id] = _Running(task, len(claim.payload))
            task.add_done_callback(partial(self._left, claim.id))

    async def _nothing_happens_for_s(self) -> float:
        moment = await next_moment(self._database, self._wall())
        return min(_LOOK_AT_LEAST_EVERY_S, max(0.0, moment - self._wall()) if moment else _LOOK_AT_LEAST_EVERY_S)

    def _left(self, job_id: JobId, task: asyncio.Task[None]) -> None:
        self._running.pop(job_id, None)
        self.wake()
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("job_task_failed", job=job_id, error=repr(error))

    async def _work(self, claim: Claim) -> None:
        """Run a job once, and commit what came of it; a run that was broken off commits nothing."""
        try:
            result = await self._answer(claim)
        except DispatcherError as error:
            left_s = claim.deadline_at - self._wall()
            wait_s = again_in_s(error, claim.tries, left_s)
            if wait_s is not None:
                due_at = self._wall() + wait_s
                await self._written(lambda: run_again(self._database, self._owner, claim, due_at))
                return
            await self._finish(claim, JobState.FAILED, self._words.error(error, claim.dispatch_id))
        else:
            await self._finish(claim, JobState.DONE, result)

    async def _answer(self, claim: Claim) -> str:
        try:
            asked = self._words.request(claim.payload)
            left_s = max(0.0, claim.deadline_at - self._wall())
            request = replace(asked, requirements=replace(asked.requirements, timeout_s=left_s))
            answer = await self._dispatcher.dispatch(claim.dispatch_id, request)
            crash_point("answered")
            return self._words.answer(answer)
        except DispatcherError:
            raise
        except Exception as error:  # a fault nobody thought of ends its job, and no other
            _LOG.exception("job_failed", job=claim.id, error=repr(error))
            raise DispatcherError("something went wrong inside; the sidecar's log says what") from error

    async def _finish(self, claim: Claim, state: JobState, result: str) -> None:
        is_ours = await self._written(
            lambda: finish_job(self._database, self._owner, claim, state, result, self._wall())
        )
        crash_point("committed")
        if is_ours:
            self._ended([claim.id], state)

    async def _written(self, write: Callable[[], Awaitable[bool]]) -> bool:
        """Write until it is written: while the disk is full, what was worked for is kept here."""
        while True:
            try:
                return await write()
            except DispatcherError as error:
                _LOG.warning("job_not_written", reason=error.message)
            await asyncio.sleep(_STORE_AGAIN_S)

    def _ended(self, ids: Collection[JobId], state: JobState) -> None:
        if ids:
            self._metrics.jobs_finished.labels(state).inc(len(ids))
            self._news.finished(ids)

    def _terms(self) -> LeaseTerms:
        return LeaseTerms(self._owner, self._wall() + _LEASE_S)


@dataclass(frozen=True, slots=True)
class _Running:
    task: asyncio.Task[None]
    payload_bytes: int
