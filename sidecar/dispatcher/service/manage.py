"""What an admin does with models and replicas: enter, change, forget, start and stop them."""

import asyncio
import contextlib
from dataclasses import replace

from dispatcher.core.eligibility import missing_weights
from dispatcher.core.model import HostKind, ModelSpec
from dispatcher.core.prospects import no_room, placement_for
from dispatcher.core.replica import ReplicaId
from dispatcher.core.task import ModelId
from dispatcher.errors import HostUnreachable, InvalidRequest, ModelConflict, NoEligibleModel, ReplicaNotFound
from dispatcher.service.equipment import Equipment
from dispatcher.service.fleet import Fleet
from dispatcher.service.generations import Generations
from dispatcher.service.quarantine import Quarantine
from dispatcher.service.registry import Registry
from dispatcher.service.remotes import Remotes
from dispatcher.service.replica import Replica
from dispatcher.service.start import Starter
from dispatcher.store.database import Database
from dispatcher.store.models import delete_model, save_model, set_switches

_LOOK_S = 3.0


class Manager:
    """Changes the registry on disk first, then in memory; replicas of a changed model finish what they promised."""

    def __init__(
        self,
        registry: Registry,
        fleet: Fleet,
        starter: Starter,
        equipment: Equipment,
        quarantine: Quarantine,
        generations: Generations,
        database: Database,
        admin_models: frozenset[ModelId],
        remotes: Remotes,
        budget_mib: int,
    ) -> None:
        self._registry = registry
        self._fleet = fleet
        self._starter = starter
        self._equipment = equipment
        self._quarantine = quarantine
        self._generations = generations
        self._database = database
        self._admin_models = set(admin_models)
        self._remotes = remotes
        self._budget_mib = budget_mib

    async def add(self, spec: ModelSpec, api_key: str | None = None) -> None:
        """Enter a new model.

        Raises: ModelConflict when there is one of that id; InvalidRequest when it can't run here.
        """
        if any(known.id == spec.id for known in self._registry):
            raise ModelConflict(f"id: there is a model {spec.id} already; change it with PUT")
        await self.change(spec, api_key)

    async def change(self, spec: ModelSpec, api_key: str | None = None) -> None:
        """Enter a model or replace what is known of it; its replicas drain, and the next ones follow the new entry.

        Args:
            api_key: of a model that someone else runs. None keeps the one it has, unless that is for another origin.
        """
        self._check(spec)
        if any(known.id == spec.id for known in self._registry):
            self._check_is_ours(self._registry.spec(spec.id))
        key = self._remotes.key_for(spec, api_key)
        await save_model(self._database, spec, key)
        self._admin_models.add(spec.id)
        self._registry.put(spec)
        self._generations.note(spec)
        self._quarantine.came_up(spec.id)
        self._condemn_all(spec.id, "changed in the registry")
        self._remotes.entered(spec, key)
        await self.look(spec.id)

    async def switch(self, model_id: str, is_enabled: bool | None, is_pinned: bool | None) -> ModelSpec:
        """Allow or forbid a model to be chosen, or its replicas to be stopped; None leaves a switch as it is."""
        spec = self._registry.spec(model_id)
        changed = replace(
            spec,
            is_enabled=spec.is_enabled if is_enabled is None else is_enabled,
            is_pinned=spec.is_pinned if is_pinned is None else is_pinned,
        )
        await set_switches(self._database, spec.id, changed.is_enabled, changed.is_pinned)
        self._registry.put(changed)
        self._fleet.respec(changed)
        return changed

    async def set_idle_stop(self, model_id: str, idle_stop_s: float | None) -> None:
        """Say for how long replicas of a model may be idle, those that run included; None for the usual time."""
        spec = self._registry.spec(model_id)
        self._check_is_ours(spec)
        changed = replace(spec, idle_stop_s=idle_stop_s)
        await save_model(self._database, changed, self._remotes.key_for(changed, None))
        self._admin_models.add(spec.id)
        self._registry.put(changed)
        self._fleet.respec(changed)

    async def remove(self, model_id: str) -> None:
        """Forget a model that an admin entered.

        Raises: ModelNotFound; ModelConflict for one of the catalogue, which would come back.
        """
        spec = self._registry.spec(model_id)
        self._check_is_ours(spec)
        if spec.id not in self._admin_models:
            raise ModelConflict(f"id: {spec.id} comes with this package; disable it instead")
        await delete_model(self._database, spec.id)
        self._admin_models.discard(spec.id)
        self._registry.remove(spec.id)
        self._condemn_all(spec.id, "removed from the registry")
        self._remotes.removed(spec.id)

    def has_key(self, model_id: ModelId) -> bool:
        """Whether a key was entered for a model."""
        return self._remotes.has_key(model_id)

    def remark(self, model_id: ModelId) -> str | None:
        """What seems wrong with a remote model's server, though it may work."""
        return self._remotes.remark(model_id)

    def start(self, model_id: str) -> Replica:
        """Start a replica of a model, unless one is up or coming; also one that is kept from starting.

        Raises: ModelNotFound; NoEligibleModel when its file isn't here or its memory can't be had; HostUnreachable.
        """
        spec = self._registry.spec(model_id)
        self._quarantine.came_up(spec.id)
        for replica in self._fleet:
            if replica.model_id == spec.id and replica.is_usable:
                return replica
        candidate = self._registry.candidate(spec)
        if (missing := missing_weights(candidate)) is not None:
            raise NoEligibleModel(f"{spec.id} can't be started: {missing}")
        if candidate.unstartable is not None:
            raise HostUnreachable(f"{spec.id} can't be started: {candidate.unstartable}")
        placement = placement_for(candidate, self._fleet.residents(), self._budget_mib)
        if placement is None:
            raise NoEligibleModel(f"{spec.id} can't be started: {no_room(candidate, self._budget_mib)}")
        return self._starter.start(spec, placement.evicts)

    def stop(self, model_id: str) -> None:
        """Let all replicas of a model finish what they promised, then stop."""
        spec = self._registry.spec(model_id)
        self._check_stops_here(spec)
        self._condemn_all(spec.id, "stopped by an admin")

    def stop_replica(self, replica_id: str) -> None:
        """Let one replica finish what it promised, then stop.

        Raises: ReplicaNotFound.
        """
        replica = self._fleet.get(ReplicaId(replica_id))
        if replica is None:
            raise ReplicaNotFound(f"id: there is no replica {replica_id[:200]!r}; GET /api/containers lists them")
        self._check_stops_here(replica.spec)
        self._fleet.condemn(replica, "stopped by an admin")

    def _check(self, spec: ModelSpec) -> None:
        if not self._equipment.has_host_of(spec):
            raise InvalidRequest(f"host: this sidecar has no host {spec.host}; docker needs AI_DISPATCH_DOCKER_HOST")
        self._remotes.check(spec)
        if not self._registry.has_weights_of(spec):
            raise InvalidRequest(f"reference: the catalogue has no weights {spec.reference or spec.id!r}")

    def _check_is_ours(self, spec: ModelSpec) -> None:
        if spec.host is HostKind.REMOTE and not spec.url:
            raise ModelConflict(f"id: {spec.id} belongs to an Ollama that someone else runs; change or stop it there")

    def _check_stops_here(self, spec: ModelSpec) -> None:
        self._check_is_ours(spec)
        if spec.url:
            raise ModelConflict(f"id: {spec.id} runs at {spec.url}, where someone else runs it; disable it instead")

    async def look(self, model_id: str) -> None:
        """Ask the server of a model that someone else runs how it does, for whoever wants to know; but not for long."""
        spec = self._registry.spec(model_id)
        if not spec.url:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                await self._remotes.look_at(spec)

    def _condemn_all(self, model_id: ModelId, reason: str) -> None:
        for replica in self._fleet:
            if replica.model_id == model_id:
                self._fleet.condemn(replica, reason)
