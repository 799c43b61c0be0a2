"""GET /api/models and POST /api/models/{id}/pull."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.bodies import json_response
from dispatcher.api.events import EventStream
from dispatcher.api.middleware import error_reply
from dispatcher.api.routes import Route, Scope
from dispatcher.api.schemas import ErrorReply, ModelReply, ModelsReply, ProgressReply
from dispatcher.core.model import ModelSpec
from dispatcher.core.replica import ReplicaState
from dispatcher.errors import DispatcherError
from dispatcher.service.fleet import Fleet
from dispatcher.service.pull import Puller
from dispatcher.service.registry import Registry
from dispatcher.weights.weightfile import Progress

_BEST_FIRST = list(ReplicaState)


@dataclass(frozen=True, slots=True)
class ModelsApi:
    """Shows the registry, and fetches model files."""

    registry: Registry
    fleet: Fleet
    puller: Puller

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(
                "GET",
                "/api/models",
                Scope.DISPATCH,
                "List the models, whether their files are here, and whether they are running",
                self.list,
                reply=ModelsReply,
            ),
            Route(
                "POST",
                "/api/models/{id}/pull",
                Scope.ADMIN,
                "Fetch a model's file, telling the progress as events",
                self.pull,
                reply=ModelReply,
                events=(("progress", ProgressReply), ("done", ModelReply), ("error", ErrorReply)),
            ),
        ]

    async def list(self, _request: web.Request) -> web.StreamResponse:
        """All models."""
        return json_response(ModelsReply(models=[self._reply(spec) for spec in self.registry]))

    async def pull(self, request: web.Request) -> web.StreamResponse:
        """Fetch one model's file. A caller who leaves doesn't stop it."""
        spec = self.registry.spec(request.match_info["id"])
        stream = EventStream(request)
        try:
            async for progress in self.puller.pull(spec.id):
                await stream.send("progress", progress_reply(progress))
        except DispatcherError as error:
            await stream.send("error", error_reply(error, None))
        else:
            await stream.send("done", self._reply(spec))
        return await stream.end()

    def _reply(self, spec: ModelSpec) -> ModelReply:
        candidate = self.registry.candidate(spec)
        progress = self.puller.progress(spec.id)
        return ModelReply(
            id=spec.id,
            name=spec.name,
            family=spec.family,
            parameters_b=spec.parameters_b,
            licence=spec.licence,
            runtime=spec.runtime,
            host=spec.host,
            enabled=spec.is_enabled,
            context_tokens=spec.context_tokens,
            memory_mib=candidate.footprint_mib,
            task_types=sorted(spec.quality.task_types),
            capabilities=sorted(spec.capabilities),
            weights=candidate.weights,
            progress=progress_reply(progress) if progress else None,
            state=_state(replica.state for replica in self.fleet if replica.model_id == spec.id),
            quarantine=candidate.quarantine,
        )


def progress_reply(progress: Progress) -> ProgressReply:
    """How far a download is."""
    return ProgressReply(done_bytes=progress.done_bytes, total_bytes=progress.total_bytes, source=progress.source)


def _state(states: Iterable[ReplicaState]) -> ReplicaState:
    """The state of a model: that of its replica which is nearest to answering."""
    order = [ReplicaState.READY, ReplicaState.LOADING, ReplicaState.PULLING, ReplicaState.CREATING]
    found = frozenset(states)
    return next((state for state in [*order, *_BEST_FIRST] if state in found), ReplicaState.STOPPED)
