"""A dispatch with an idempotency key: a job underneath, so that asking again gives the same answer."""

from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.bodies import json_response
from dispatcher.api.job_bodies import JobMaker
from dispatcher.api.job_replies import gone
from dispatcher.api.job_schemas import JobBody
from dispatcher.api.middleware import owner_of
from dispatcher.api.schemas import DispatchBody, ErrorDetail, ErrorReply
from dispatcher.core.job import Job, JobState
from dispatcher.errors import DispatcherError, InvalidRequest, JobExpired, ShuttingDown, status_of
from dispatcher.metrics import Metrics
from dispatcher.service.dispatch import Dispatcher
from dispatcher.service.jobs import Jobs, refusals

_LOOK_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class KeyedDispatch:
    """Answers a dispatch that has a key."""

    jobs: Jobs
    dispatcher: Dispatcher
    maker: JobMaker
    metrics: Metrics

    async def answer(self, request: web.Request, body: DispatchBody, key: str) -> web.Response:
        """Make the job, or find the one that has the key, and wait for its end. A caller who leaves doesn't end it."""
        if body.stream:
            raise InvalidRequest(
                "stream: a stream can't be sent twice; leave out stream, or the header Idempotency-Key"
            )
        job = await self._ended(request, body, key)
        if job.result is None:
            raise gone(job) or JobExpired("the job was forgotten while it was waited for; send it with another key")
        if job.state is JobState.DONE:
            return web.Response(body=job.result.encode(), content_type="application/json")
        detail = ErrorDetail.model_validate_json(job.result)
        self.metrics.errors.labels(detail.code).inc()
        return json_response(ErrorReply(error=detail), status_of(detail.code))

    async def _ended(self, request: web.Request, body: DispatchBody, key: str) -> Job:
        owner = owner_of(request)
        given = {name: getattr(body, name) for name in body.model_fields_set - {"stream"}}
        new, asked = self.maker.make(JobBody(**given, idempotency_key=key), owner)
        (job,) = await self.jobs.accept([new], refusals(self.dispatcher, new, asked))
        if isinstance(job, DispatcherError):
            raise job
        while job.is_open:
            await self.jobs.wait([job.id], owner, _LOOK_EVERY_S, for_all=True)
            job = await self.jobs.one(job.id, owner)
            if job.is_open and self.jobs.is_stopping:
                raise ShuttingDown("the sidecar is stopping; send the same request again, and it goes on")
        (fetched,) = await self.jobs.fetch([job])
        return fetched
