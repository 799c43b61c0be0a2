"""The registry's routes: /api/models and what is done with each model."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.bodies import json_response, read_body
from dispatcher.api.entries import api_key_of, model_spec
from dispatcher.api.events import EventStream
from dispatcher.api.middleware import error_reply
from dispatcher.api.routes import Route, Scope
from dispatcher.api.schemas import ErrorReply, ModelBody, ModelReply, ModelsReply, ModelSwitches, ProgressReply
from dispatcher.core.model import ModelSpec
from dispatcher.core.replica import Fetching, ReplicaState
from dispatcher.errors import CallerGone, DispatcherError, InvalidRequest
from dispatcher.service.fleet import Fleet
from dispatcher.service.manage import Manager
from dispatcher.service.pull import Puller
from dispatcher.service.registry import Registry

_BEST_FIRST = list(ReplicaState)


@dataclass(frozen=True, slots=True)
class ModelsApi:
    """Shows the registry and changes it, fetches model files, starts and stops."""

    registry: Registry
    fleet: Fleet
    puller: Puller
    manager: Manager
    write_timeout_s: float

    def routes(self) -> list[Route]:
        """The routes."""
        one, admin = "/api/models/{id}", Scope.ADMIN
        pulled = (("progress", ProgressReply), ("done", ModelReply), ("error", ErrorReply))
        listed = "List the models, whether their files are here, and whether they are running"
        return [
            Route("GET", "/api/models", Scope.DISPATCH, listed, self.list, reply=ModelsReply),
            Route(
                "POST", "/api/models", admin, "Enter a model", self.add, body=ModelBody, reply=ModelReply, status=201
            ),
            Route("GET", one, Scope.DISPATCH, "One model", self.show, reply=ModelReply),
            Route("PUT", one, admin, "Enter a model anew", self.change, body=ModelBody, reply=ModelReply),
            Route("PATCH", one, admin, "Enable, disable or pin", self.switch, body=ModelSwitches, reply=ModelReply),
            Route("DELETE", one, admin, "Forget a model that an admin entered", self.remove, reply=ModelsReply),
            Route("POST", f"{one}/pull", admin, "Fetch its file", self.pull, reply=ModelReply, events=pulled),
            Route(
                "POST",
                f"{one}/start",
                admin,
                "Start a replica, if none is up",
                self.start,
                reply=ModelReply,
                status=202,
            ),
            Route(
                "POST",
                f"{one}/stop",
                admin,
                "Let its replicas finish, then stop",
                self.stop,
                reply=ModelReply,
                status=202,
            ),
        ]

    async def add(self, request: web.Request) -> web.StreamResponse:
        """A new model."""
        body = await read_body(request, ModelBody)
        spec = model_spec(body)
        await self.manager.add(spec, api_key_of(body))
        return json_response(self._reply(spec), 201)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """One model."""
        return json_response(self._reply(self._named(request)))

    async def change(self, request: web.Request) -> web.StreamResponse:
        """A model entered anew."""
        known = self._named(request)
        body = await read_body(request, ModelBody)
        spec = model_spec(body)
        if spec.id != known.id:
            raise InvalidRequest(f"id: the path says {known.id} and the body {spec.id}; ids don't change")
        await self.manager.change(spec, api_key_of(body))
        return json_response(self._reply(spec))

    async def switch(self, request: web.Request) -> web.StreamResponse:
        """Switches of a model."""
        switches = await read_body(request, ModelSwitches)
        spec = await self.manager.switch(request.match_info["id"], switches.enabled, switches.pinned)
        return json_response(self._reply(spec))

    async def remove(self, request: web.Request) -> web.StreamResponse:
        """A model forgotten; answers with those that are left."""
        await self.manager.remove(request.match_info["id"])
        return await self.list(request)

    async def start(self, request: web.Request) -> web.StreamResponse:
        """A replica started; doesn't wait for it."""
        await self.manager.look(request.match_info["id"])
        self.manager.start(request.match_info["id"])
        return json_response(self._reply(self._named(request)), 202)

    async def stop(self, request: web.Request) -> web.StreamResponse:
        """All replicas of a model told to finish."""
        self.manager.stop(request.match_info["id"])
        return json_response(self._reply(self._named(request)), 202)

    async def list(self, _request: web.Request) -> web.StreamResponse:
        """All models."""
        return json_response(ModelsReply(models=[self._reply(spec) for spec in self.registry]))

    async def pull(self, request: web.Request) -> web.StreamResponse:
        """Fetch one model's file. A caller who leaves doesn't stop it."""
        spec = self._named(request)
        stream = EventStream(request, self.write_timeout_s)
        try:
            async for progress in self.puller.pull(spec):
                await stream.send("progress", progress_reply(progress))
        except CallerGone:
            raise
        except DispatcherError as error:
            await stream.send("error", error_reply(error, None))
        else:
            await stream.send("done", self._reply(spec))
        return await stream.end()

    def _named(self, request: web.Request) -> ModelSpec:
        return self.registry.spec(request.match_info["id"])

    def _reply(self, spec: ModelSpec) -> ModelReply:
        candidate = self.registry.candidate(spec)
        progress = self.puller.progress(spec)
        return ModelReply(
            id=spec.id,
            name=spec.name,
            family=spec.family,
            parameters_b=spec.parameters_b,
            licence=spec.licence,
            engine=spec.engine,
            reference=spec.reference,
            runtime=spec.runtime,
            host=spec.host,
            enabled=spec.is_enabled,
            pinned=spec.is_pinned,
            idle_stop_s=spec.idle_stop_s,
            needs_gpu=spec.needs_gpu,
            slots=spec.slots,
            context_tokens=spec.context_tokens,
            memory_mib=candidate.footprint_mib,
            task_types=sorted(spec.task_types),
            capabilities=sorted(spec.capabilities),
            weights=candidate.weights,
            progress=progress_reply(progress) if progress else None,
            state=_state(replica.state for replica in self.fleet if replica.model_id == spec.id),
            quarantine=candidate.quarantine,
            url=spec.url or None,
            has_api_key=self.manager.has_key(spec.id),
            usd_per_mtok=spec.usd_per_mtok,
            requests_per_minute=spec.requests_per_minute,
            local=spec.is_local,
            reason=candidate.unstartable
            or (candidate.limited.message if candidate.limited else self.manager.remark(spec.id)),
        )


def progress_reply(fetching: Fetching) -> ProgressReply:
    """How far a download is; of one whose length isn't known, all that came is the whole."""
    return ProgressReply(
        done_bytes=fetching.done_bytes, total_bytes=fetching.total_bytes or fetching.done_bytes, source=fetching.what
    )


def _state(states: Iterable[ReplicaState]) -> ReplicaState:
    """The state of a model: that of its replica which is nearest to answering."""
    order = [ReplicaState.READY, ReplicaState.LOADING, ReplicaState.PULLING, ReplicaState.CREATING]
    found = frozenset(states)
    return next((state for state in [*order, *_BEST_FIRST] if state in found), ReplicaState.STOPPED)
