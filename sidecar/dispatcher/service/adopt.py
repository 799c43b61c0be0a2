"""Adopting an Ollama that someone else runs: its models are offered, and what it holds in memory counts as warm."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from dispatcher.core.adopted_models import ServedModel, adopted_id, adopted_model
from dispatcher.core.model import HostKind, ModelSpec
from dispatcher.core.replica import Endpoint, ReplicaState
from dispatcher.core.task import ModelId
from dispatcher.errors import DispatcherError
from dispatcher.hosts.remote import RemoteHost
from dispatcher.runtimes.ollama import OllamaRuntime
from dispatcher.service.fleet import Fleet
from dispatcher.service.generations import Generations
from dispatcher.service.registry import Registry
from dispatcher.store.database import Database
from dispatcher.store.models import all_models, sync_catalogue

_LOG = structlog.get_logger(__name__)
_EVERY_S = 2.0
_ANSWER_S = 3.0


class Adopter:
    """Keeps registry and fleet true to what one Ollama says it has and holds. It never changes that Ollama.

    Args:
        endpoint: where it listens.
        is_local: whether prompts that must stay local may go there.
        now: the monotonic clock, in seconds.
    """

    def __init__(
        self,
        host: RemoteHost,
        endpoint: Endpoint,
        runtime: OllamaRuntime,
        registry: Registry,
        fleet: Fleet,
        generations: Generations,
        database: Database,
        is_local: bool,
        now: Callable[[], float],
    ) -> None:
        self._host = host
        self._endpoint = endpoint
        self._answers = True
        self._runtime = runtime
        self._registry = registry
        self._fleet = fleet
        self._generations = generations
        self._database = database
        self._is_local = is_local
        self._now = now
        self._entered: dict[str, str] = {}  # digests by reference

    async def run(self) -> None:
        """Look every few seconds, for ever."""
        while True:
            await asyncio.sleep(_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Ask once, and take in what it says. One that doesn't answer keeps its models, which then can't be started."""
        asked_s = self._now()
        try:
            async with asyncio.timeout(_ANSWER_S):
                served = await self._runtime.served(self._endpoint)
                loaded = await self._runtime.loaded(self._endpoint)
                found = [(one, await self._offered(one)) for one in served if self._is_new(one)]
        except (DispatcherError, TimeoutError) as error:
            if self._answers:
                _LOG.warning("ollama_silent", url=self._endpoint.base_url, reason=str(error))
            self._heard(False)
            return
        self._heard(True)
        await self._enter(found)
        self._forget_all_but(served)
        self._follow(loaded, asked_s)

    def _heard(self, answers: bool) -> None:
        self._answers = answers
        self._host.adopted_answers(answers)
        for reference in self._entered:
            self._place(adopted_id(reference))

    def _place(self, model_id: ModelId) -> None:
        silent = f"nothing answers at {self._endpoint.base_url}, so that only what it holds already can be used"
        self._host.place(model_id, self._endpoint, None if self._answers else silent)

    def _is_new(self, served: ServedModel) -> bool:
        return self._entered.get(served.reference) != served.digest

    async def _offered(self, served: ServedModel) -> ModelSpec | None:
        can = await self._runtime.capabilities(self._endpoint, served.reference)
        return adopted_model(served, can, is_local=self._is_local)

    async def _enter(self, found: Sequence[tuple[ServedModel, ModelSpec | None]]) -> None:
        """Offer new models, with the switches that an admin set when they were here before."""
        specs = [spec for _, spec in found if spec is not None]
        digests = {spec.id: served.digest for served, spec in found if spec is not None}
        if specs:
            await sync_catalogue(self._database, specs)
            stored = {spec.id: spec for spec in await all_models(self._database)}
            for spec in specs:
                self._place(spec.id)
                self._registry.put(stored[spec.id])
                self._generations.note(spec, digests[spec.id])
                _LOG.info("model_adopted", model=spec.id)
        self._entered |= {served.reference: served.digest for served, _ in found}

    def _forget_all_but(self, served: Sequence[ServedModel]) -> None:
        for reference in self._entered.keys() - {one.reference for one in served}:
            del self._entered[reference]
            self._registry.remove(adopted_id(reference))
            self._host.forget(adopted_id(reference))
            self._drop(adopted_id(reference), "removed from its Ollama", self._now())

    def _follow(self, loaded: Mapping[str, int], asked_s: float) -> None:
        """Make a ready replica of each loaded model, and let go of those that were unloaded before `asked_s`."""
        for spec in self._registry:
            if spec.host is not HostKind.REMOTE or spec.url:
                continue
            if spec.reference not in loaded:
                self._drop(spec.id, "unloaded by its Ollama", asked_s)
            elif all(replica.model_id != spec.id for replica in self._fleet):
                self._adopt(spec, loaded[spec.reference])

    def _adopt(self, spec: ModelSpec, context_tokens: int) -> None:
        told = replace(spec, context_tokens=context_tokens or spec.context_tokens)
        self._registry.put(told)
        order = self._registry.order(told, self._host.new_replica_id())
        replica = self._fleet.open(order, told, self._registry.footprint_mib(told))
        self._fleet.admit(replica)
        self._fleet.advance(replica, ReplicaState.LOADING, "loaded by its Ollama")
        self._runtime.took_over(self._endpoint, order)
        self._fleet.ready(replica, self._host.take(order))

    def _drop(self, model_id: str, reason: str, before_s: float) -> None:
        for replica in self._fleet:
            is_older = replica.state is ReplicaState.READY and replica.since_s < before_s
            if replica.model_id == model_id and is_older:
                self._fleet.condemn(replica, reason)
