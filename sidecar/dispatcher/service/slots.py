"""Who gets the next free slot of a model: whoever stands first, on whichever of its replicas is free."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from dispatcher.core.breaker import BreakerState
from dispatcher.core.replica import ReplicaState
from dispatcher.core.waiting import Waiter, first
from dispatcher.service.replica import Promise, Replica
from dispatcher.service.tally import Tally


class SlotQueue:
    """The dispatches of one model that wait for a slot.

    Any replica of the model may take any of them, as far as it still serves it. One that is ejected takes one only
    when none is trusted.

    Args:
        begin: is told which replica begins which promise.
    """

    def __init__(self, begin: Callable[[Replica, Promise], None]) -> None:
        self._begin = begin
        self._promises: dict[int, Promise] = {}
        self._by_share = Tally()
        self._waiters: tuple[Waiter, ...] | None = None  # None: to be listed anew
        self._work_s = 0.0

    def __len__(self) -> int:
        return len(self._promises)

    @property
    def waiters(self) -> tuple[Waiter, ...]:
        """Those who wait, in order of arrival."""
        if self._waiters is None:
            self._waiters = tuple(promise.waiter for promise in self._promises.values())
            self._work_s = sum(waiter.run_s for waiter in self._waiters)
        return self._waiters

    @property
    def work_s(self) -> float:
        """Expected seconds of work for all of them."""
        return self._work_s if self.waiters else 0.0

    def held_by(self, share: str) -> int:
        """How many of them are of a share."""
        return self._by_share.of(share)

    def wait(self, waiter: Waiter) -> Promise:
        """Stand in line."""
        turn: asyncio.Future[Replica] = asyncio.get_running_loop().create_future()
        promise = self._promises[waiter.ticket] = Promise(waiter, turn)
        self._by_share.add(waiter.share)
        self._waiters = None
        return promise

    def leave(self, promise: Promise) -> None:
        """Stand in line no longer."""
        if self._promises.pop(promise.waiter.ticket, None) is not None:
            self._by_share.remove(promise.waiter.share)
            self._waiters = None

    def serve(self, replicas: Iterable[Replica], served_s: Mapping[str, float], now_s: float) -> None:
        """Give out every free slot of these replicas of the model.

        Args:
            served_s: seconds of work that each share has had lately.
        """
        there = tuple(replicas)
        is_any_trusted = any(replica.is_trusted for replica in there)
        for replica in there:
            if is_any_trusted and replica.breaker.state(now_s) is BreakerState.EJECTED:
                continue
            while _has_free_slot(replica) and (promise := self._next_for(replica, served_s, now_s)) is not None:
                self.leave(promise)
                self._begin(replica, promise)
                promise.turn.set_result(replica)

    def fail(self, error: Exception) -> None:
        """Tell everyone that nobody comes to serve them."""
        for promise in tuple(self._promises.values()):
            self.leave(promise)
            if not promise.turn.done():
                promise.turn.set_exception(error)

    def _next_for(self, replica: Replica, served_s: Mapping[str, float], now_s: float) -> Promise | None:
        waiting = (
            promise.waiter
            for promise in self._promises.values()
            if replica.serves(promise.waiter) and not promise.turn.done()  # done: it is leaving
        )
        chosen = first(waiting, served_s, now_s)
        if chosen is None or (chosen.is_alone and replica.in_flight):
            return None  # it goes first, and waits until it can be alone
        return self._promises[chosen.ticket]


def _has_free_slot(replica: Replica) -> bool:
    return replica.state is ReplicaState.READY and replica.in_flight < replica.slots
