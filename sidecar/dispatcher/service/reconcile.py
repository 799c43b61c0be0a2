"""Finding again what an earlier sidecar left running: adopt what is as we would start it, end the rest."""

import asyncio
from dataclasses import replace

import structlog

from dispatcher.core.replica import ReplicaState, Survivor
from dispatcher.errors import DispatcherError, ModelNotFound
from dispatcher.hosts.host import Host
from dispatcher.service.equipment import Equipment
from dispatcher.service.fleet import Fleet
from dispatcher.service.registry import Registry

_LOG = structlog.get_logger(__name__)
_GRACE_S = 2.0
_EVERY_S = 30.0
_LOADED_S = 5.0


class Reconciler:
    """Makes the table equal to what really runs, before the first dispatch."""

    def __init__(
        self,
        fleet: Fleet,
        registry: Registry,
        equipment: Equipment,
        budget_mib: int,
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._equipment = equipment
        self._budget_mib = budget_mib

    async def reconcile(self) -> None:
        """Adopt or end every survivor of every host."""
        for host in self._equipment.hosts.values():
            for survivor in await host.survivors():
                await self._take_over(host, survivor)

    async def run(self, host: Host) -> None:
        """Look again twice a minute: an engine that was away may come back with replicas of ours."""
        while True:
            await asyncio.sleep(_EVERY_S)
            for survivor in await host.survivors():
                await self._take_over(host, survivor)

    async def _take_over(self, host: Host, survivor: Survivor) -> None:
        adopted = self._is_as_ordered(survivor) and await self._is_ready(survivor)
        if adopted:
            self._adopt(survivor)
        else:
            await host.stop(survivor.order.replica_id, _GRACE_S)
        _LOG.info("replica_found", replica=survivor.order.replica_id, adopted=adopted)

    async def _is_ready(self, survivor: Survivor) -> bool:
        """Whether it answers with its model in memory; loading what is loaded takes no time."""
        runtime = self._equipment.runtime_of(self._registry.spec(survivor.order.model_id))
        try:
            async with asyncio.timeout(_LOADED_S):
                await runtime.load(survivor.endpoint, survivor.order)
        except (TimeoutError, DispatcherError):
            return False
        return await runtime.is_ready(survivor.endpoint)

    def _is_as_ordered(self, survivor: Survivor) -> bool:
        try:
            spec = self._registry.spec(survivor.order.model_id)
        except ModelNotFound:
            return False
        fits = self._fleet.reserved_mib + self._registry.footprint_mib(spec) <= self._budget_mib
        wanted = self._registry.order(spec, survivor.order.replica_id)
        # The memory limit follows what was measured since; it may differ.
        found = replace(survivor.order, memory_limit_mib=wanted.memory_limit_mib)
        return fits and spec.is_enabled and found == wanted

    def _adopt(self, survivor: Survivor) -> None:
        spec = self._registry.spec(survivor.order.model_id)
        replica = self._fleet.open(survivor.order, spec, self._registry.footprint_mib(spec))
        self._fleet.admit(replica)
        self._fleet.advance(replica, ReplicaState.LOADING, "adopted")
        self._fleet.ready(replica, survivor.endpoint)
