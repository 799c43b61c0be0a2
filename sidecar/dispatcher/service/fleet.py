"""The table of replicas: every one that exists now, what it works on, and who waits for which model.

This class is its only writer. Everyone else reads `residents()`, a snapshot, and asks for changes here; none of the
methods awaits, so that nothing happens between a look and the change that follows from it.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import count

from dispatcher.core.arrivals import Arrivals
from dispatcher.core.concurrency import Limit
from dispatcher.core.model import ModelSpec
from dispatcher.core.record import LifecycleRecord
from dispatcher.core.replica import (
    GONE,
    STARTING,
    Endpoint,
    Fetching,
    Look,
    ReplicaId,
    ReplicaState,
    Resident,
    StartOrder,
    may_become,
)
from dispatcher.core.shares import Shares
from dispatcher.core.task import ModelId
from dispatcher.core.waiting import Ahead, Waiter, ahead_of
from dispatcher.service.replica import USE_MEMORY_S, Line, Promise, Replica, resident_of, use_rate
from dispatcher.service.slots import SlotQueue
from dispatcher.service.tally import Tally

_CPU_OVER_S = 5.0
_NOBODY = Line()


class Fleet:
    """Every replica there is.

    Args:
        now: the monotonic clock, in seconds.
        wall: Unix time, in seconds.
        log: is told of every change of a state.
    """

    def __init__(
        self, now: Callable[[], float], wall: Callable[[], float], log: Callable[[LifecycleRecord], None]
    ) -> None:
        self._now = now
        self._wall = wall
        self._log = log
        self._replicas: dict[ReplicaId, Replica] = {}
        self._arrivals: dict[ModelId, Arrivals] = {}
        self._queues: dict[ModelId, SlotQueue] = {}
        self._shares = Shares(now())
        self._in_hand = Tally()
        self._tickets = count()
        self._changed = asyncio.Event()

    def __iter__(self) -> Iterator[Replica]:
        return iter(tuple(self._replicas.values()))

    def get(self, replica_id: ReplicaId) -> Replica | None:
        """The replica of that name, unless it is gone."""
        return self._replicas.get(replica_id)

    def nearest(self, model_id: ModelId) -> Replica | None:
        """The model's replica that answers first, of those that are up or coming."""
        now_s = self._now()
        usable = [replica for replica in self if replica.model_id == model_id and replica.is_usable]
        return min(usable, key=lambda replica: resident_of(replica, Line(), now_s).wait_s, default=None)

    @property
    def promised(self) -> int:
        """How many dispatches wait or run."""
        return self._in_hand.total

    def promised_to(self, share: str) -> int:
        """How many of these are of a share."""
        return self._in_hand.of(share)

    @property
    def waiting(self) -> int:
        """How many dispatches wait for a slot."""
        return sum(len(queue) for queue in self._queues.values())

    def waiters(self, model_id: ModelId) -> tuple[Waiter, ...]:
        """Those who wait for a slot of a model."""
        return self._queues[model_id].waiters if model_id in self._queues else ()

    def line_length(self, model_id: ModelId) -> int:
        """How many wait for a slot of a model."""
        return len(self._queues[model_id]) if model_id in self._queues else 0

    def waiting_of(self, model_id: ModelId, share: str) -> int:
        """How many of those who wait for a slot of a model are of a share."""
        return self._queues[model_id].held_by(share) if model_id in self._queues else 0

    def ahead_of(self, newcomer: Waiter, waiters: Iterable[Waiter], servers: int) -> Ahead:
        """Those of a model's waiters who go before a newcomer, when so many are answered at a time."""
        now_s = self._now()
        return ahead_of(newcomer, waiters, self._shares.as_of(now_s), now_s, servers)

    @property
    def stranded(self) -> dict[ModelId, tuple[Waiter, ...]]:
        """By model, those who wait though no replica that is up or coming will serve them."""
        left = {model_id: self._unserved(model_id, queue) for model_id, queue in self._queues.items() if len(queue)}
        return {model_id: waiters for model_id, waiters in left.items() if waiters}

    @property
    def reserved_mib(self) -> int:
        """Memory of all replicas together, by their footprints."""
        return sum(replica.footprint_mib for replica in self._replicas.values())

    def residents(self, newcomer: Waiter | None = None, pinned: ModelId | None = None) -> tuple[Resident, ...]:
        """A snapshot for choosing: waits are those of `newcomer`, or of one that goes last.

        Placing a newcomer takes a look at everyone who waits: with `pinned`, for that model only.
        """
        now_s = self._now()
        lines = {
            model_id: self._line(model_id, newcomer if pinned in (None, model_id) else None)
            for model_id in self._queues
        }
        return tuple(
            resident_of(replica, lines.get(replica.model_id, _NOBODY) if replica.is_usable else _NOBODY, now_s)
            for replica in self._replicas.values()
        )

    def resident(self, replica: Replica) -> Resident:
        """One replica's row in such a snapshot."""
        now_s = self._now()
        return resident_of(replica, self._line(replica.model_id, None), now_s)

    def is_done(self, replica: Replica) -> bool:
        """Whether it works on nothing, and nobody who waits is left to it."""
        return not replica.promises and not any(map(replica.serves, self.waiters(replica.model_id)))

    def arrivals(self, model_id: ModelId) -> Arrivals:
        """How often a model is asked for, as of now."""
        now_s = self._now()
        return self._arrivals.setdefault(model_id, Arrivals(now_s)).passed(now_s)

    def respec(self, spec: ModelSpec) -> None:
        """Have the replicas of a model that run follow its entry in whether, and when, they are stopped."""
        for replica in self:
            if replica.model_id == spec.id:
                replica.spec = replace(replica.spec, is_pinned=spec.is_pinned, idle_stop_s=spec.idle_stop_s)

    def open(self, order: StartOrder, spec: ModelSpec, footprint_mib: int) -> Replica:
        """Add a replica that is about to be created; its memory counts from now on."""
        now_s = self._now()
        came_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        came_up.add_done_callback(_forgive)
        replica = Replica(order, spec, footprint_mib, now_s, now_s, now_s, came_up, Limit(float(order.slots)))
        self._replicas[replica.id] = replica
        self._written(replica, None)
        return replica

    def advance(self, replica: Replica, state: ReplicaState, reason: str = "") -> None:
        """Bring a replica into its next state. One that is gone leaves the table."""
        if not may_become(replica.state, state):
            raise AssertionError(f"{replica.id} can't go from {replica.state} to {state}")
        took_s = self._now() - replica.since_s
        replica.state, replica.since_s, replica.reason = state, self._now(), reason or replica.reason
        replica.fetching = None
        if state in GONE:
            self._replicas.pop(replica.id, None)
        self._written(replica, took_s)

    def fetches(self, replica: Replica, fetching: Fetching) -> None:
        """Note how far the download of an image or a model is."""
        if replica.fetching is None or replica.fetching.what != fetching.what:
            replica.fetching_since_s, replica.fetched_before_bytes = self._now(), fetching.done_bytes
        replica.fetching = fetching

    def admit(self, replica: Replica) -> None:
        """Note that a replica's memory is really there."""
        replica.is_admitted = True
        self._pulse()

    def ready(self, replica: Replica, endpoint: Endpoint) -> None:
        """A replica answers: let those who wait for it go on."""
        replica.endpoint = endpoint
        self.advance(replica, ReplicaState.READY)
        replica.came_up.set_result(None)
        self._serve(replica.model_id)

    def lose(self, replica: Replica, error: Exception, reason: str) -> None:
        """A replica can't be used any more, against our will.

        When it never came up and no other of its model is up or coming, those who wait get the error. When it had been
        up, they wait on: another may be started for them. It is left draining, for its memory counts until it is known
        to be gone.
        """
        was_starting = replica.state in STARTING
        replica.in_flight_when_lost = replica.in_flight
        self.advance(replica, ReplicaState.DRAINING, reason)
        if not replica.came_up.done():
            replica.came_up.set_exception(error)
        self._serve(replica.model_id)
        if was_starting and not any(other.is_usable for other in self if other.model_id == replica.model_id):
            self.disappoint(replica.model_id, error)

    def disappoint(self, model_id: ModelId, error: Exception) -> None:
        """Tell everyone who waits for a model that they wait in vain."""
        self._queue(model_id).fail(error)
        self._pulse()

    def condemn(self, replica: Replica, reason: str, *, is_urgent: bool = False) -> None:
        """Let a replica take no new work; it stops when it has served those who wait already.

        An urgent end leaves them waiting for another replica: it only finishes what it works on.
        """
        until_s = -math.inf if is_urgent else self._now()
        if until_s < replica.serves_until_s:
            replica.serves_until_s, replica.reason = until_s, reason
            self._serve(replica.model_id)
            self._pulse()

    def ticket(self) -> int:
        """The number of the next dispatch that waits."""
        return next(self._tickets)

    def wait(self, waiter: Waiter) -> Promise:
        """Stand in line for a slot of the waiter's model; the turn may have come at once."""
        promise = self._queue(waiter.model_id).wait(waiter)
        self._in_hand.add(waiter.share)
        self.arrivals(waiter.model_id).came(self._now())
        self._serve(waiter.model_id)
        if not promise.turn.done():
            self._pulse()
        return promise

    def leave(self, promise: Promise) -> None:
        """Note that nobody waits for the answer any more, while a replica still works on it."""
        promise.is_left = True

    def finish(self, promise: Promise) -> None:
        """Note that a promise is done with, in whatever way."""
        replica, model_id = promise.holder, promise.waiter.model_id
        self._in_hand.remove(promise.waiter.share)
        if replica is None:
            promise.turn.cancel()
            self._queue(model_id).leave(promise)
        else:
            replica.promises.remove(promise)
            replica.uses_per_s = use_rate(replica, self._now())
            replica.used_s = self._now()
            self._serve(model_id)
        self._pulse()

    def seen(self, replica: Replica, look: Look) -> None:
        """Note what the host measured."""
        replica.pid, replica.memory_mib = look.pid, look.memory_mib
        if look.memory_mib is not None:
            replica.memory_peak_mib = max(replica.memory_peak_mib or 0, look.memory_mib)
        if look.cpu_s is not None and self._now() - replica.cpu_at_s >= _CPU_OVER_S:
            self._burnt(replica, look.cpu_s)

    def _burnt(self, replica: Replica, cpu_s: float) -> None:
        """Note CPU time; when nothing was to be done since the last time, that is what idling costs."""
        now_s = self._now()
        was_idle = self.is_done(replica) and replica.used_s <= replica.cpu_at_s
        if was_idle and replica.cpu_s is not None and replica.sleep is None:
            replica.idle_cores = max(0.0, cpu_s - replica.cpu_s) / (now_s - replica.cpu_at_s)
        replica.cpu_s, replica.cpu_at_s = cpu_s, now_s

    def pausing(self, replica: Replica, lock: asyncio.Lock) -> None:
        """A replica is being put to sleep: it must be woken before it is used."""
        replica.sleep = lock

    def awake(self, replica: Replica) -> None:
        """A replica answers at once again."""
        replica.sleep = None

    def answered(self, replica: Replica) -> None:
        """Note that a replica gave an answer."""
        was_tripped = replica.breaker.is_tripped
        replica.breaker = replica.breaker.answered()
        if was_tripped:
            self._serve(replica.model_id)

    def measured(self, replica: Replica, took: float, at_once: int) -> None:
        """Note how long a first token took, as a multiple of what was expected, while so many were worked on."""
        before = replica.limit
        replica.limit = before.measured(took, at_once, replica.order.slots)
        if replica.limit.slots > before.slots:
            self._serve(replica.model_id)

    def failed(self, replica: Replica) -> bool:
        """Note that a replica failed; returns whether it is ejected for that."""
        before = replica.breaker
        replica.breaker = before.failed(self._now())
        is_ejected = replica.breaker.until_s > before.until_s
        if is_ejected:
            self._serve(replica.model_id)  # if it was the last that was trusted, others are asked again
        return is_ejected

    def ran_out(self, replica: Replica) -> None:
        """Note that a replica's memory was not enough: it takes at least its limit, and the log is to say so."""
        replica.memory_peak_mib = max(replica.memory_peak_mib or 0, replica.order.memory_limit_mib)

    async def changed(self) -> None:
        """Wait for the next change of the table."""
        await self._changed.wait()

    def _serve(self, model_id: ModelId) -> None:
        queue = self._queue(model_id)
        if len(queue):
            now_s = self._now()
            replicas = [replica for replica in self if replica.model_id == model_id]
            queue.serve(replicas, self._shares.as_of(now_s), now_s)

    def _queue(self, model_id: ModelId) -> SlotQueue:
        return self._queues.setdefault(model_id, SlotQueue(self._begin))

    def _begin(self, replica: Replica, promise: Promise) -> None:
        now_s = self._now()
        promise.holder, promise.began_s = replica, now_s
        replica.promises.append(promise)
        replica.uses_per_s = use_rate(replica, now_s) + 1 / USE_MEMORY_S
        replica.used_s = now_s
        self._shares.served(promise.waiter.share, promise.waiter.run_s)

    def _unserved(self, model_id: ModelId, queue: SlotQueue) -> tuple[Waiter, ...]:
        replicas = [replica for replica in self._replicas.values() if replica.model_id == model_id]
        if any(replica.is_usable for replica in replicas):
            return ()  # it serves everyone
        return tuple(waiter for waiter in queue.waiters if not any(replica.serves(waiter) for replica in replicas))

    def _line(self, model_id: ModelId, newcomer: Waiter | None) -> Line:
        """Those who wait for a model, shared out evenly among its replicas."""
        queue = self._queues.get(model_id)
        if not queue:
            return _NOBODY
        waiters, work_s = queue.waiters, queue.work_s
        trusted = [one for one in self._replicas.values() if one.model_id == model_id and one.is_trusted]
        sharing, servers = max(1, len(trusted)), max(1, sum(one.slots for one in trusted))
        ahead = Ahead(len(waiters), work_s) if newcomer is None else self.ahead_of(newcomer, waiters, servers)
        return Line(
            waiting=len(waiters),
            work_s=work_s / sharing,
            ahead=int(ahead.count) // sharing,
            ahead_s=ahead.work_s / sharing,
        )

    def _written(self, replica: Replica, took_s: float | None) -> None:
        self._pulse()
        self._log(
            LifecycleRecord(
                at=self._wall(),
                replica_id=replica.id,
                model_id=replica.model_id,
                host=replica.spec.host,
                state=replica.state,
                reason=replica.reason,
                took_s=took_s,
                memory_mib=replica.memory_peak_mib,
            )
        )

    def _pulse(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _forgive(came_up: asyncio.Future[None]) -> None:
    """Nobody has to be waiting when a start fails; asyncio would complain of an error never fetched."""
    if not came_up.cancelled():
        came_up.exception()
