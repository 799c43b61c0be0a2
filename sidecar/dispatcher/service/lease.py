"""Holding a replica: wait for a slot and for cores, and give both back whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from dispatcher.core.deadline import Deadline
from dispatcher.core.replica import Endpoint, ReplicaState
from dispatcher.core.task import ModelId
from dispatcher.core.waiting import Waiter
from dispatcher.errors import DeadlineExceeded, RuntimeUnreachable
from dispatcher.service.cores import CoreGate
from dispatcher.service.fleet import Fleet
from dispatcher.service.pause import Pauser
from dispatcher.service.rate_limits import Place, RateLimits
from dispatcher.service.replica import Promise, Replica
from dispatcher.service.room import Room
from dispatcher.service.schedule import Scheduler
from dispatcher.service.settle import Settler

_T = TypeVar("_T")
OnWait = Callable[[ModelId], None]


@dataclass(slots=True)
class Lease:
    """A replica that is ours for one dispatch, and how long it took to get it, in seconds.

    Whoever leaves before its server is done sets `rest_s`: for how long that should still read the prompt.
    """

    replica: Replica
    endpoint: Endpoint
    load_s: float
    queue_s: float
    rest_s: float | None = None
    place: Place | None = None

    def asks_again(self) -> None:
        """Note that its server is asked once more, where it counts how often it is."""
        if self.place is not None:
            self.place.used_again()


class Leaser:
    """Gives out leases. `now` is the monotonic clock, in seconds."""

    def __init__(
        self,
        fleet: Fleet,
        scheduler: Scheduler,
        pauser: Pauser,
        cores: CoreGate,
        room: Room,
        settler: Settler,
        limits: RateLimits,
        now: Callable[[], float],
    ) -> None:
        self._fleet = fleet
        self._room = room
        self._settler = settler
        self._limits = limits
        self._scheduler = scheduler
        self._pauser = pauser
        self._cores = cores
        self._now = now

    @asynccontextmanager
    async def lease(self, waiter: Waiter, on_wait: OnWait | None = None) -> AsyncIterator[Lease]:
        """Hold a replica of the waiter's model inside the block; `on_wait` is told at once for which model it waits.

        Enter it right after deciding: until the place in line is taken nothing awaits, so the choice still holds.

        Raises: Overloaded, DeadlineExceeded while waiting, ReplicaStartFailed, HostUnreachable, or RuntimeUnreachable
            when it died.
        """
        self._room.check_for(waiter)
        with self._limits.place(waiter.model_id) as place:
            async with self._held(waiter, on_wait) as lease:
                place.used()
                lease.place = place
                yield lease

    @asynccontextmanager
    async def _held(self, waiter: Waiter, on_wait: OnWait | None) -> AsyncIterator[Lease]:
        asked_s, deadline = self._now(), Deadline(waiter.deadline_s)
        promise = self._fleet.wait(waiter)
        lease, threads = None, 0
        try:
            if not promise.turn.done():
                self._scheduler.plan()
            if on_wait is not None:
                on_wait(waiter.model_id)
            replica = await self._within(deadline, promise.turn, f"waiting for {waiter.model_id}")
            if replica.sleep is not None:
                await self._within(deadline, self._pauser.wake(replica), f"{waiter.model_id} was being woken")
            threads = await self._cores_for(replica, deadline)
            lease = self._begun(replica, asked_s)
            yield lease
        finally:
            if lease is None or lease.rest_s is None:
                self._give_back(promise, threads)
            else:
                self._settler.settle(promise, lease.replica, lease.rest_s, partial(self._give_back, promise, threads))

    def _begun(self, replica: Replica, asked_s: float) -> Lease:
        if replica.endpoint is None or replica.state is not ReplicaState.READY:
            raise RuntimeUnreachable(f"{replica.model_id} is gone: {replica.reason}")
        load_s = max(0.0, replica.since_s - max(asked_s, replica.opened_s))
        return Lease(replica, replica.endpoint, load_s, queue_s=max(0.0, self._now() - asked_s - load_s))

    async def _cores_for(self, replica: Replica, deadline: Deadline) -> int:
        threads = replica.order.threads if replica.order.is_ours else 0
        await self._within(deadline, self._cores.acquire(threads), "waiting for CPU cores, which were busy")
        return threads

    def _give_back(self, promise: Promise, threads: int) -> None:
        self._cores.release(threads)
        self._fleet.finish(promise)

    async def _within(self, deadline: Deadline, wait: Awaitable[_T], what: str) -> _T:
        try:
            async with asyncio.timeout(deadline.remaining_s(self._now())):
                return await wait
        except TimeoutError as error:
            raise DeadlineExceeded(f"the deadline passed while {what}; raise requirements.timeout") from error
