"""Starting a replica: once for all who want it, and to the end even when they leave."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from dispatcher.core.model import ModelSpec
from dispatcher.core.replica import STARTING, Endpoint, Fetching, OnFetching, ReplicaId, ReplicaState
from dispatcher.errors import DispatcherError, HostUnreachable, ReplicaOutOfMemory, ReplicaStartFailed
from dispatcher.metrics import Metrics
from dispatcher.runtimes.runtime import Runtime
from dispatcher.service.end import Ender
from dispatcher.service.equipment import Equipment
from dispatcher.service.fleet import Fleet
from dispatcher.service.quarantine import Quarantine
from dispatcher.service.registry import Registry
from dispatcher.service.replica import Replica
from dispatcher.service.tasks import KeptTasks

_LOG = structlog.get_logger(__name__)
_T = TypeVar("_T")
_POLL_S = 0.03
_ALIVE_EVERY_S = 0.25
_GRACE_S = 5.0
_LOAD_S_PER_GIB = 20.0  # a slow disk reads a model at 50 MiB a second


class Starter:
    """Brings replicas up. Each start is a kept task: a caller that leaves doesn't abort it.

    Args:
        timeout_s: how long a replica may take to answer, and then again to load; a download has its own patience.
    """

    def __init__(
        self,
        fleet: Fleet,
        registry: Registry,
        equipment: Equipment,
        ender: Ender,
        quarantine: Quarantine,
        tasks: KeptTasks,
        metrics: Metrics,
        now: Callable[[], float],
        budget_mib: int,
        timeout_s: float,
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._equipment = equipment
        self._ender = ender
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
                self._fleet.condemn(evicted, f"evicted for {spec.id}", is_urgent=True)
        order = self._registry.order(spec, self._equipment.host_of(spec).new_replica_id())
        replica = self._fleet.open(order, spec, self._registry.footprint_mib(spec))
        self._tasks.keep(self._bring_up(replica), f"start {replica.id}")
        return replica

    async def _bring_up(self, replica: Replica) -> None:
        begun_s = self._now()
        try:
            endpoint = await self._brought_up(replica)
        except TimeoutError:
            self._failed(replica, _too_slow(replica.state, self._patience_s(replica)))
        except HostUnreachable as error:
            self._lost(
                replica, "unreachable", HostUnreachable(f"{replica.model_id} can't be started now: {error.message}")
            )
        except ReplicaOutOfMemory as error:
            self._ran_out(replica, error.message)
        except DispatcherError as error:
            self._failed(replica, error.message)
        else:
            took_s = self._now() - begun_s
            self._fleet.ready(replica, endpoint)
            self._quarantine.came_up(replica.model_id)
            self._registry.came_up(replica.model_id)
            self._metrics.starts.labels(replica.model_id, "ready").inc()
            self._metrics.load_s.labels(replica.model_id).observe(took_s)
            _LOG.info("replica_ready", replica=replica.id, model=replica.model_id, load_s=round(took_s, 2))

    async def _brought_up(self, replica: Replica) -> Endpoint:
        """Memory, image, process or container, model, load: each step with an end of its own."""
        host, runtime = self._equipment.host_of(replica.spec), self._equipment.runtime_of(replica.spec)
        order, noting = replica.order, self._noting(replica)
        patience_s = self._patience_s(replica)
        async with asyncio.timeout(patience_s):
            await self._until_memory_is_free(replica)
        await host.prepare(order, noting)
        endpoint = await host.start(order)
        async with asyncio.timeout(patience_s):
            await self._while_alive(replica, _until_it_answers(runtime, endpoint))
        if await runtime.lacks_model(endpoint, order):
            if not order.is_ours:
                raise ReplicaStartFailed(f"its Ollama doesn't have {order.reference} any more")
            self._fleet.advance(replica, ReplicaState.PULLING)
            await self._while_alive(replica, runtime.fetch_model(endpoint, order, noting))
        self._fleet.advance(replica, ReplicaState.LOADING)
        async with asyncio.timeout(patience_s):
            await self._while_alive(replica, runtime.load(endpoint, order))
        return endpoint

    def _patience_s(self, replica: Replica) -> float:
        return self._timeout_s + replica.spec.footprint.weights_mib / 1024 * _LOAD_S_PER_GIB

    def _noting(self, replica: Replica) -> OnFetching:
        def note(fetching: Fetching) -> None:
            self._fleet.fetches(replica, fetching)

        return note

    async def _while_alive(self, replica: Replica, work: Awaitable[_T]) -> _T:
        """Wait for work on a replica, but no longer than it lives.

        Raises: ReplicaStartFailed saying how it ended.
        """
        task: asyncio.Future[_T] = asyncio.ensure_future(work)
        host = self._equipment.host_of(replica.spec)
        try:
            while not (await asyncio.wait((task,), timeout=_ALIVE_EVERY_S))[0]:
                look = await host.look_at(replica.id)
                if look.ended is not None:
                    raise (ReplicaOutOfMemory if look.is_out_of_memory else ReplicaStartFailed)(look.ended)
            return task.result()
        finally:
            task.cancel()

    async def _until_memory_is_free(self, replica: Replica) -> None:
        """Wait for those that were condemned to make room; earlier starts go first."""
        while not self._may_load(replica):
            await self._fleet.changed()
        self._fleet.admit(replica)

    def _may_load(self, replica: Replica) -> bool:
        for other in self._fleet:
            if other is replica:
                break
            if not other.is_admitted and other.state in STARTING:
                return False  # it came before us
        taken_mib = sum(other.footprint_mib for other in self._fleet if other.is_admitted)
        return taken_mib + replica.footprint_mib <= self._budget_mib

    def _ran_out(self, replica: Replica, reason: str) -> None:
        """Think the model larger; the first time it may be tried again at once, with that."""
        self._fleet.ran_out(replica)
        raised_mib = self._registry.ran_out(replica.model_id, replica.footprint_mib)
        if raised_mib is None:
            self._failed(replica, reason)
        else:
            error = ReplicaOutOfMemory(f"{replica.model_id} ran out of memory, {raised_mib} MiB is next: {reason}")
            self._lost(replica, "out_of_memory", error)

    def _failed(self, replica: Replica, reason: str) -> None:
        self._quarantine.failed(replica.model_id, reason)
        self._lost(replica, "failed", ReplicaStartFailed(f"{replica.model_id} couldn't be started: {reason}"), reason)

    def _lost(self, replica: Replica, result: str, error: ReplicaStartFailed, reason: str | None = None) -> None:
        """Tell those who wait, and end what is left of it."""
        self._metrics.starts.labels(replica.model_id, result).inc()
        _LOG.warning("replica_start_failed", replica=replica.id, model=replica.model_id, reason=error.message)
        self._fleet.lose(replica, error, reason or error.message)
        self._ender.end(replica, ReplicaState.FAILED, _GRACE_S)


def _too_slow(state: ReplicaState, patience_s: float) -> str:
    return f"it wasn't done with {state} after {patience_s:.0f} s (AI_DISPATCH_START_TIMEOUT_S, more for large models)"


async def _until_it_answers(runtime: Runtime, endpoint: Endpoint) -> None:
    while not await runtime.answers(endpoint):  # noqa: ASYNC110 - it is another process: there is no event
        await asyncio.sleep(_POLL_S)
