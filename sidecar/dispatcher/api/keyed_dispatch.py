"""A dispatch with an idempotency key: a job underneath, so that asking again gives the same answer."""

from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.bodies import json_response
from dispatcher.api.job_bodies import JobMaker
from dispatcher.api.job_replies import job_reply
from dispatcher.api.job_schemas import JobBody
from dispatcher.api.middleware import owner_of
from dispatcher.api.schemas import DispatchBody, ErrorReply
from dispatcher.core.job import Job
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
        reply = job_reply(await self._ended(request, body, key))
        if reply.result is not None:
            return json_response(reply.result)
        if reply.error is None:
            raise JobExpired("the job was forgotten while it was waited for; send the request with another key")
        self.metrics.errors.labels(reply.error.code).inc()
        return json_response(ErrorReply(error=reply.error), status_of(reply.error.code))

    async def _ended(self, request: web.Request, body: DispatchBody, key: str) -> Job:
        owner = owner_of(request)
        given = {name: getattr(body, name) for name in body.model_fields_set - {"stream", "cache"}}
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
