"""Adding replicas where the queue asks for them, and memory and cores allow."""

import asyncio

import structlog

from dispatcher.core.model import HostKind, ModelSpec
from dispatcher.core.prospects import placement_for
from dispatcher.core.replica import ReplicaState
from dispatcher.core.scaling import Demand, one_more_pays, wanted_replicas
from dispatcher.service.fleet import Fleet
from dispatcher.service.registry import Registry
from dispatcher.service.start import Starter

_LOG = structlog.get_logger(__name__)
_EVERY_S = 1.0


class Scaler:
    """Looks at the queues once a second. Taking replicas away is left to idleness and eviction.

    Args:
        cores: CPU cores lent to models: replicas that couldn't compute at the same time help nobody.
    """

    def __init__(self, fleet: Fleet, registry: Registry, starter: Starter, budget_mib: int, cores: int) -> None:
        self._fleet = fleet
        self._registry = registry
        self._starter = starter
        self._budget_mib = budget_mib
        self._cores = cores

    async def run(self) -> None:
        """Add replicas as needed, for ever."""
        while True:
            for spec in self._registry:
                self._scale(spec)
            await asyncio.sleep(_EVERY_S)

    def _scale(self, spec: ModelSpec) -> None:
        demand = self._demand(spec)
        if demand is None or wanted_replicas(demand) <= demand.replicas or not one_more_pays(demand):
            return
        candidate = self._registry.candidate(spec)
        has_cores = spec.needs_gpu or (demand.replicas + 1) * candidate.threads <= self._cores
        placement = placement_for(candidate, self._fleet.residents(), self._budget_mib)
        held = candidate.quarantine or candidate.unstartable
        if spec.host is HostKind.REMOTE:
            return  # a second replica there would be the same server
        if has_cores and placement is not None and not placement.evicts and held is None:
            _LOG.info("scaling_up", model=spec.id, replicas=demand.replicas + 1, waiting=demand.waiting)
            self._starter.start(spec, ())

    def _demand(self, spec: ModelSpec) -> Demand | None:
        """What is asked of a model; None when nothing waits for a replica that is up."""
        replicas = [replica for replica in self._fleet if replica.model_id == spec.id and replica.is_usable]
        waiters = self._fleet.waiters(spec.id)
        work = [*waiters, *(promise.waiter for replica in replicas for promise in replica.promises)]
        is_up = any(replica.state is ReplicaState.READY for replica in replicas)
        if not waiters or not is_up or len(replicas) > sum(replica.state is ReplicaState.READY for replica in replicas):
            return None  # nobody waits, or one is coming already
        rates = self._fleet.arrivals(spec.id)
        return Demand(
            arrivals_per_s=rates.steady_per_s,
            burst_per_s=rates.burst_per_s,
            service_s=sum(waiter.run_s for waiter in work) / len(work),
            waiting=len(waiters),
            slots=spec.slots,
            replicas=len(replicas),
            load_s=spec.load_s,
        )
