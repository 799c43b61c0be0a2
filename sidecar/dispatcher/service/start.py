"""Starting a replica: once for all who want it, and to the end even when they leave."""

import asyncio
from collections.abc import Callable

import structlog

from dispatcher.core.model import ModelSpec
from dispatcher.core.replica import ReplicaId, ReplicaState, StartOrder
from dispatcher.errors import DispatcherError, ReplicaStartFailed
from dispatcher.hosts.process import ProcessHost
from dispatcher.metrics import Metrics
from dispatcher.runtimes.openai import OpenAIRuntime
from dispatcher.service.fleet import Fleet
from dispatcher.service.quarantine import Quarantine
from dispatcher.service.registry import Registry
from dispatcher.service.replica import Replica
from dispatcher.service.tasks import KeptTasks
from dispatcher.weights.library import WeightLibrary

_LOG = structlog.get_logger(__name__)
_POLL_S = 0.05
_GRACE_S = 5.0
_LIMIT_FACTOR = 1.5  # a replica may take this much more than its footprint before the system stops it


class Starter:
    """Brings replicas up. Each start is a kept task: a caller that leaves doesn't abort it."""

    def __init__(
        self,
        fleet: Fleet,
        registry: Registry,
        library: WeightLibrary,
        host: ProcessHost,
        runtime: OpenAIRuntime,
        quarantine: Quarantine,
        tasks: KeptTasks,
        metrics: Metrics,
        now: Callable[[], float],
        budget_mib: int,
        timeout_s: float,
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._library = library
        self._host = host
        self._runtime = runtime
        self._quarantine = quarantine
        self._tasks = tasks
        self._metrics = metrics
        self._now = now
        self._budget_mib = budget_mib
        self._timeout_s = timeout_s

    def start(self, spec: ModelSpec, evicts: tuple[ReplicaId, ...]) -> Replica:
        """Condemn those that must go, reserve the memory, and begin. Doesn't wait: see `Replica.came_up`."""
        for replica_id in evicts:
            if (evicted := self._fleet.get(replica_id)) is not None:
                self._fleet.condemn(evicted, f"evicted for {spec.id}")
        candidate = self._registry.candidate(spec)
        order = self.order(spec, self._host.new_replica_id())
        replica = self._fleet.open(order, spec, candidate.footprint_mib)
        self._tasks.keep(self._bring_up(replica), f"start {replica.id}")
        return replica

    def order(self, spec: ModelSpec, replica_id: ReplicaId) -> StartOrder:
        """What a host is told to start a replica of this model."""
        candidate = self._registry.candidate(spec)
        return StartOrder(
            replica_id=replica_id,
            model_id=spec.id,
            weights_path=str(self._library.path(spec.id)),
            weights_sha256=self._library.sha256(spec.id),
            context_tokens=spec.context_tokens,
            slots=spec.slots,
            threads=candidate.threads,
            memory_limit_mib=round(candidate.footprint_mib * _LIMIT_FACTOR),
        )

    async def _bring_up(self, replica: Replica) -> None:
        begun_s = self._now()
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._until_memory_is_free(replica)
                self._fleet.advance(replica, ReplicaState.LOADING)
                endpoint = await self._host.start(replica.order)
                while not await self._runtime.is_ready(endpoint):
                    await self._check_alive(replica)
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            await self._failed(replica, f"it wasn't ready after {self._timeout_s:.0f} s (AI_DISPATCH_START_TIMEOUT_S)")
        except DispatcherError as error:
            await self._failed(replica, error.message)
        else:
            self._fleet.ready(replica, endpoint)
            self._quarantine.came_up(replica.model_id)
            self._metrics.starts.labels(replica.model_id, "ready").inc()
            self._metrics.load_s.labels(replica.model_id).observe(self._now() - begun_s)
            _LOG.info(
                "replica_ready", replica=replica.id, model=replica.model_id, load_s=round(self._now() - begun_s, 2)
            )

    async def _until_memory_is_free(self, replica: Replica) -> None:
        """Wait for those that were condemned to make room; earlier starts go first."""
        while not self._may_load(replica):
            await self._fleet.changed()
        self._fleet.admit(replica)

    def _may_load(self, replica: Replica) -> bool:
        for other in self._fleet:
            if other is replica:
                break
            if not other.is_admitted:
                return False  # it came before us
        taken_mib = sum(other.footprint_mib for other in self._fleet if other.is_admitted)
        return taken_mib + replica.footprint_mib <= self._budget_mib

    async def _check_alive(self, replica: Replica) -> None:
        look = await self._host.look_at(replica.id)
        if look.ended is not None:
            raise ReplicaStartFailed(look.ended)

    async def _failed(self, replica: Replica, reason: str) -> None:
        await self._host.stop(replica.id, _GRACE_S)
        self._quarantine.failed(replica.model_id, reason)
        self._metrics.starts.labels(replica.model_id, "failed").inc()
        _LOG.warning("replica_start_failed", replica=replica.id, model=replica.model_id, reason=reason)
        error = ReplicaStartFailed(f"{replica.model_id} couldn't be started: {reason}")
        self._fleet.fail(replica, error, reason)
