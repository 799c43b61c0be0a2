"""The routes about jobs: make them, wait for them, look at them, cancel them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.bodies import json_response, parsed, read_body, read_raw
from dispatcher.api.job_bodies import JobMaker, batch_of, wait_of, with_key
from dispatcher.api.job_replies import job_reply, that_fit
from dispatcher.api.job_schemas import (
    CancelledReply,
    CollectBody,
    CollectReply,
    JobBatchReply,
    JobBody,
    JobIdsBody,
    JobListReply,
    JobReply,
    JobsBody,
    JobsReply,
    RefusedJobReply,
    UnknownJobReply,
)
from dispatcher.api.middleware import error_reply, owner_of, sight_of
from dispatcher.api.routes import Query, Route, Scope
from dispatcher.core.job import Job, JobId, JobState, NewJob, Owner
from dispatcher.crash import crash_point
from dispatcher.errors import DispatcherError, InvalidRequest
from dispatcher.service.dispatch import Dispatcher
from dispatcher.service.jobs import Jobs, refusals, unknown_job

_WAIT = Query("wait", "Seconds to wait for the end, 0 to 25; 0 if absent.")
_LIST_DEFAULT = 100
_LIST_MAX = 1000
_YIELD_EVERY = 4


@dataclass(frozen=True, slots=True)
class JobsApi:
    """Takes prompts to be answered later."""

    jobs: Jobs
    dispatcher: Dispatcher
    maker: JobMaker

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(
                "POST",
                "/api/jobs",
                Scope.DISPATCH,
                "Take one job, or many, to be answered later; what is taken is on the disk",
                self.submit,
                body=JobsBody,
                reply=JobsReply,
                queries=(_WAIT,),
                headers=(Query("Idempotency-Key", "The same as idempotency_key, for a single job."),),
                also=(202,),
            ),
            Route(
                "GET",
                "/api/jobs",
                Scope.DISPATCH,
                "The newest jobs, without their answers",
                self.list_jobs,
                reply=JobListReply,
                queries=(
                    Query("state", f"Only those in this state: {', '.join(JobState)}."),
                    Query("limit", f"How many, 1 to {_LIST_MAX}; {_LIST_DEFAULT} if absent."),
                ),
            ),
            Route(
                "POST",
                "/api/jobs/collect",
                Scope.DISPATCH,
                "Wait until one of these jobs is finished, and return those that are",
                self.collect,
                body=CollectBody,
                reply=CollectReply,
            ),
            Route(
                "POST",
                "/api/jobs/cancel",
                Scope.DISPATCH,
                "Cancel the open ones of these jobs, and forget the answers of the others",
                self.cancel,
                body=JobIdsBody,
                reply=CancelledReply,
            ),
            Route(
                "GET",
                "/api/jobs/{id}",
                Scope.DISPATCH,
                "One job, and its answer when it is done",
                self.show,
                reply=JobReply,
                queries=(_WAIT,),
            ),
            Route(
                "DELETE",
                "/api/jobs/{id}",
                Scope.DISPATCH,
                "Cancel a job, or forget its answer",
                self.delete,
                reply=JobReply,
            ),
        ]

    async def submit(self, request: web.Request) -> web.StreamResponse:
        """Take one or many."""
        _check_queries(request, "wait")
        wait_s = wait_of(request)
        raw = await read_raw(request)
        batch = batch_of(raw)
        if batch is not None:
            return await self._submit_batch(request, batch, wait_s)
        job, asked = self.maker.make(with_key(parsed(raw, JobBody), request), owner_of(request))
        (end,) = await self.jobs.accept([job], refusals(self.dispatcher, job, asked))
        if isinstance(end, DispatcherError):
            raise end
        (shown,) = await self._shown([end], owner_of(request), wait_s)
        return _sent(job_reply(shown), is_finished=not shown.is_open)

    async def collect(self, request: web.Request) -> web.StreamResponse:
        """Wait for the first of many."""
        body = await read_body(request, CollectBody)
        ids = [JobId(one) for one in dict.fromkeys(body.ids)]
        sight = sight_of(request)
        await self.jobs.wait(ids, sight, body.wait, for_all=False)
        found = await self.jobs.find(ids, sight)
        unknown = [one for one in ids if one not in found]
        fit = await self.jobs.fetch(
            that_fit([found[one] for one in ids if one in found and not found[one].job.is_open])
        )
        over = {job.id for job in fit} | set(unknown)
        reply = CollectReply(
            jobs=[*(job_reply(job) for job in fit), *(_unknown(one) for one in unknown)],
            unfinished=[one for one in ids if one not in over],
            running=[one for one in ids if one in found and found[one].job.state is JobState.RUNNING],
        )
        crash_point("answer_sent")
        return json_response(reply)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """One job, whatever its state."""
        _check_queries(request, "wait")
        wait_s, job_id, sight = wait_of(request), JobId(request.match_info["id"]), sight_of(request)
        await self.jobs.wait([job_id], sight, wait_s, for_all=True)
        (job,) = await self.jobs.fetch([await self.jobs.one(job_id, sight)])
        return json_response(job_reply(job))

    async def list_jobs(self, request: web.Request) -> web.StreamResponse:
        """The newest."""
        _check_queries(request, "state", "limit")
        found = await self.jobs.newest(sight_of(request), _state_of(request), _limit_of(request))
        return json_response(JobListReply(jobs=[job_reply(job) for job in found]))

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """End one."""
        job_id, sight = JobId(request.match_info["id"]), sight_of(request)
        await self.jobs.cancel([job_id], sight)
        return json_response(job_reply(await self.jobs.one(job_id, sight)))

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        """End many."""
        ids = [JobId(one) for one in dict.fromkeys((await read_body(request, JobIdsBody)).ids)]
        sight = sight_of(request)
        ended = await self.jobs.cancel(ids, sight)
        found = await self.jobs.find(ids, sight)
        return json_response(
            CancelledReply(
                cancelled=len(ended.cancelled), forgotten=len(ended.forgotten), unknown=len(ids) - len(found)
            )
        )

    async def _submit_batch(self, request: web.Request, batch: Sequence[bytes], wait_s: float) -> web.StreamResponse:
        if "Idempotency-Key" in request.headers:
            raise InvalidRequest("Idempotency-Key: it is for a single job; give each job of a batch an idempotency_key")
        owner = owner_of(request)
        made: list[NewJob | DispatcherError] = []
        unwanted: dict[JobId, DispatcherError] = {}
        for index, raw in enumerate(batch):
            if index % _YIELD_EVERY == _YIELD_EVERY - 1:
                await asyncio.sleep(0)  # a batch is much work, and others wait
            try:
                job, asked = self.maker.make(parsed(raw, JobBody), owner)
            except DispatcherError as error:
                made.append(error)
                continue
            unwanted |= refusals(self.dispatcher, job, asked)
            made.append(job)
        ends = iter(await self.jobs.accept([one for one in made if isinstance(one, NewJob)], unwanted))
        taken = [next(ends) if isinstance(one, NewJob) else one for one in made]
        accepted = [one for one in taken if isinstance(one, Job)]
        shown = {job.id: job for job in await self._shown(accepted, owner, wait_s)}
        reply = JobBatchReply(
            jobs=[
                job_reply(shown[one.id]) if isinstance(one, Job) else _refused(index, one)
                for index, one in enumerate(taken)
            ]
        )
        return _sent(reply, is_finished=not any(job.is_open for job in shown.values()))

    async def _shown(self, jobs: Sequence[Job], owner: Owner, wait_s: float) -> list[Job]:
        """These jobs as they are after the wait, with the answers of the finished ones as far as there is room."""
        ids = [job.id for job in jobs]
        await self.jobs.wait(ids, owner, wait_s, for_all=True)
        if wait_s > 0 or any(not job.is_open for job in jobs):
            found = await self.jobs.find(ids, owner)
            now = [found[job.id].job if job.id in found else job for job in jobs]
            fit = that_fit([found[job.id] for job in now if job.id in found and not job.is_open])
            fetched = {job.id: job for job in await self.jobs.fetch(fit)}
            jobs = [fetched.get(job.id, job) for job in now]
        crash_point("answer_sent")
        return list(jobs)


def _sent(reply: JobReply | JobBatchReply, *, is_finished: bool) -> web.Response:
    return json_response(reply, 200 if is_finished else 202)


def _refused(index: int, error: DispatcherError) -> RefusedJobReply:
    """The error of one job of a batch; its message says which, and of that which field."""
    detail = error_reply(error, None).error
    place = f"jobs[{index}]"
    names_field = isinstance(error, InvalidRequest) and error.message[:1].islower()
    message = f"{place}.{detail.message}" if names_field else f"{place}: {detail.message}"
    return RefusedJobReply(error=detail.model_copy(update={"message": message}))


def _unknown(job_id: JobId) -> UnknownJobReply:
    return UnknownJobReply(job_id=job_id, error=error_reply(unknown_job(), None).error)


def _check_queries(request: web.Request, *known: str) -> None:
    unknown = set(request.query) - set(known)
    if unknown:
        raise InvalidRequest(f"{min(unknown)[:100]}: there is no such query parameter; there are {', '.join(known)}")


def _state_of(request: web.Request) -> JobState | None:
    text = request.query.get("state")
    try:
        return None if text is None else JobState(text)
    except ValueError as error:
        raise InvalidRequest(f"state: say one of {', '.join(JobState)}") from error


def _limit_of(request: web.Request) -> int:
    text = request.query.get("limit", str(_LIST_DEFAULT))
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= _LIST_MAX):
        raise InvalidRequest(f"limit: say how many, from 1 to {_LIST_MAX}")
    return int(text)
