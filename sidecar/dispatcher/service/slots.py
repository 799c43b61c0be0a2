"""Who gets the next free slot of a model: whoever waits longest, on whichever of its replicas is free first."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dispatcher.core.replica import ReplicaState
from dispatcher.service.replica import Promise, Replica


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    promise: Promise
    turn: asyncio.Future[Replica]


class SlotQueue:
    """The dispatches of one model that wait for a slot, in order of arrival.

    Any replica of the model that takes new work may take over a promise; one that is condemned only keeps its own.

    Args:
        begin: is told which replica begins which promise.
    """

    def __init__(self, begin: Callable[[Replica, Promise], None]) -> None:
        self._begin = begin
        self._waiters: deque[_Waiter] = deque()

    def wait(self, promise: Promise) -> asyncio.Future[Replica]:
        """Stand in line. The future is done when a replica has begun; it may be cancelled before."""
        turn: asyncio.Future[Replica] = asyncio.get_running_loop().create_future()
        self._waiters.append(_Waiter(promise, turn))
        return turn

    def serve(self, replicas: Iterable[Replica]) -> None:
        """Give out every free slot of these replicas of the model."""
        for replica in replicas:
            while _has_free_slot(replica) and (waiter := self._next_for(replica)) is not None:
                self._begin(replica, waiter.promise)
                waiter.turn.set_result(replica)

    def fail(self, replica: Replica, error: Exception) -> None:
        """Tell those whose promise a replica took with it."""
        for waiter in tuple(self._waiters):
            if waiter.promise.holder is replica:
                self._waiters.remove(waiter)
                if not waiter.turn.done():
                    waiter.turn.set_exception(error)

    def _next_for(self, replica: Replica) -> _Waiter | None:
        while self._waiters and self._waiters[0].turn.done():
            self._waiters.popleft()  # it left
        if not replica.is_condemned:
            return self._waiters.popleft() if self._waiters else None
        found = next((one for one in self._waiters if one.promise.holder is replica and not one.turn.done()), None)
        if found is not None:
            self._waiters.remove(found)
        return found


def _has_free_slot(replica: Replica) -> bool:
    return replica.state is ReplicaState.READY and replica.in_flight < replica.order.slots
