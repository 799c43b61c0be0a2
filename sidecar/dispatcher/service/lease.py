"""Holding a replica: join or start it, wait for a slot and for cores, and give both back whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from dispatcher.core.deadline import Deadline
from dispatcher.core.decision import Option
from dispatcher.core.replica import Endpoint, ReplicaId, ReplicaState
from dispatcher.errors import DeadlineExceeded, Overloaded, RuntimeUnreachable
from dispatcher.service.cores import CoreGate
from dispatcher.service.fleet import Fleet
from dispatcher.service.pause import Pauser
from dispatcher.service.registry import Registry
from dispatcher.service.replica import Replica
from dispatcher.service.start import Starter

_T = TypeVar("_T")
OnReplica = Callable[[ReplicaId], None]


@dataclass(frozen=True, slots=True)
class Lease:
    """A replica that is ours for one dispatch, and how long it took to get it, in seconds."""

    replica_id: ReplicaId
    endpoint: Endpoint
    load_s: float
    queue_s: float


class Leaser:
    """Gives out leases. `queue_max` bounds how many dispatches may wait or run at once."""

    def __init__(
        self,
        fleet: Fleet,
        registry: Registry,
        starter: Starter,
        pauser: Pauser,
        cores: CoreGate,
        now: Callable[[], float],
        queue_max: int,
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._starter = starter
        self._pauser = pauser
        self._cores = cores
        self._now = now
        self._queue_max = queue_max

    @asynccontextmanager
    async def lease(
        self, option: Option, deadline: Deadline, on_replica: OnReplica | None = None
    ) -> AsyncIterator[Lease]:
        """Hold a replica of the chosen model inside the block; `on_replica` is told at once on which one it waits.

        Enter it right after deciding: until the promise is made nothing awaits, so the choice still holds.

        Raises: Overloaded, DeadlineExceeded while waiting, ReplicaStartFailed, HostUnreachable, or RuntimeUnreachable
            when it died.
        """
        self._check_room()
        asked_s = self._now()
        home = self._claimed(option)
        promise = self._fleet.promise(home, option.forecast.run.p50)
        try:
            if on_replica is not None:
                on_replica(home.id)
            # Shielded: the load belongs to all who want it.
            await self._within(deadline, asyncio.shield(home.came_up), f"{home.model_id} was being loaded")
            up_s = self._now()
            turn = self._fleet.slot(promise)
            replica = await self._within(deadline, turn, f"waiting for {home.model_id}, which was busy")
            if replica.sleep is not None:
                await self._within(deadline, self._pauser.wake(replica), f"{home.model_id} was being woken")
            async with self._cores_for(replica, deadline):
                yield self._begun(replica, load_s=up_s - asked_s, queue_s=self._now() - up_s)
        finally:
            self._fleet.finish(promise)

    def _check_room(self) -> None:
        promised = self._fleet.promised
        if promised >= self._queue_max:
            soonest_s = min((resident.wait_s for resident in self._fleet.residents()), default=1.0)
            raise Overloaded(
                f"{promised} dispatches are waiting already (AI_DISPATCH_QUEUE_MAX)", retry_after_s=max(1.0, soonest_s)
            )

    def _claimed(self, option: Option) -> Replica:
        if option.replica_id is None:
            return self._starter.start(self._registry.spec(option.model_id), option.evicts)
        replica = self._fleet.get(option.replica_id)
        if replica is None:
            raise AssertionError(f"{option.replica_id} went between the choice and its lease")
        return replica

    def _begun(self, replica: Replica, *, load_s: float, queue_s: float) -> Lease:
        if replica.endpoint is None or replica.state is not ReplicaState.READY:
            raise RuntimeUnreachable(f"{replica.model_id} is gone: {replica.reason}")
        return Lease(replica.id, replica.endpoint, load_s, queue_s)

    @asynccontextmanager
    async def _cores_for(self, replica: Replica, deadline: Deadline) -> AsyncIterator[None]:
        threads = replica.order.threads if replica.order.is_ours else 0
        await self._within(deadline, self._cores.acquire(threads), "waiting for CPU cores, which were busy")
        try:
            yield
        finally:
            self._cores.release(threads)

    async def _within(self, deadline: Deadline, wait: Awaitable[_T], what: str) -> _T:
        try:
            async with asyncio.timeout(deadline.remaining_s(self._now())):
                return await wait
        except TimeoutError as error:
            raise DeadlineExceeded(f"the deadline passed while {what}; raise requirements.timeout") from error
