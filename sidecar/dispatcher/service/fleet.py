"""The table of replicas: every one that exists now, what it has promised, and who may still use it.

This class is its only writer. Everyone else reads `residents()`, a snapshot, and asks for changes here; none of the
methods awaits, so that nothing happens between a look and the change that follows from it.
"""

import asyncio
from collections.abc import Callable, Iterator

from dispatcher.core.model import ModelSpec
from dispatcher.core.record import LifecycleRecord
from dispatcher.core.replica import (
    GONE,
    Endpoint,
    Fetching,
    Look,
    ReplicaId,
    ReplicaState,
    Resident,
    StartOrder,
    may_become,
)
from dispatcher.core.task import ModelId
from dispatcher.service.arrivals import Arrivals
from dispatcher.service.replica import USE_MEMORY_S, Promise, Replica, resident_of, use_rate
from dispatcher.service.slots import SlotQueue

_CPU_OVER_S = 5.0


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
        self._changed = asyncio.Event()

    def __iter__(self) -> Iterator[Replica]:
        return iter(tuple(self._replicas.values()))

    def get(self, replica_id: ReplicaId) -> Replica | None:
        """The replica of that name, unless it is gone."""
        return self._replicas.get(replica_id)

    @property
    def promised(self) -> int:
        """How many dispatches wait or run."""
        return sum(len(replica.promises) for replica in self._replicas.values())

    @property
    def reserved_mib(self) -> int:
        """Memory of all replicas together, by their footprints."""
        return sum(replica.footprint_mib for replica in self._replicas.values())

    def residents(self) -> tuple[Resident, ...]:
        """A snapshot for choosing."""
        now_s = self._now()
        return tuple(resident_of(replica, now_s) for replica in self._replicas.values())

    def resident(self, replica: Replica) -> Resident:
        """One replica's row in such a snapshot."""
        return resident_of(replica, self._now())

    def arrivals(self, model_id: ModelId) -> Arrivals:
        """How often a model is asked for, as of now."""
        now_s = self._now()
        return self._arrivals.setdefault(model_id, Arrivals(now_s)).passed(now_s)

    def open(self, order: StartOrder, spec: ModelSpec, footprint_mib: int) -> Replica:
        """Add a replica that is about to be created; its memory counts from now on."""
        now_s = self._now()
        came_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        came_up.add_done_callback(_forgive)
        replica = Replica(order, spec, footprint_mib, now_s, now_s, now_s, came_up)
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
        """A replica can't be used any more, against our will: those who wait for it get the error.

        It is left draining, for its memory counts until it is known to be gone.
        """
        self.advance(replica, ReplicaState.DRAINING, reason)
        if not replica.came_up.done():
            replica.came_up.set_exception(error)
        self._queue(replica.model_id).fail(replica, error)

    def condemn(self, replica: Replica, reason: str) -> None:
        """Let a replica take no new work; it stops when what it has promised is done."""
        if not replica.is_condemned:
            replica.is_condemned, replica.reason = True, reason
            self._pulse()

    def promise(self, replica: Replica, expected_s: float) -> Promise:
        """Note that a replica will answer one more dispatch, which takes about `expected_s` seconds."""
        promise = Promise(replica, expected_s)
        replica.promises.append(promise)
        now_s = self._now()
        self.arrivals(replica.model_id).came(now_s)
        replica.uses_per_s = use_rate(replica, now_s) + 1 / USE_MEMORY_S
        replica.used_s = now_s
        return promise

    def slot(self, promise: Promise) -> asyncio.Future[Replica]:
        """Wait for a free slot: done when the promise was begun, by its holder or by another replica of the model."""
        model_id = promise.holder.model_id
        turn = self._queue(model_id).wait(promise)
        self._serve(model_id)
        return turn

    def finish(self, promise: Promise) -> None:
        """Note that a promise is done with, in whatever way."""
        replica = promise.holder
        replica.promises.remove(promise)
        replica.uses_per_s = use_rate(replica, self._now())
        replica.used_s = self._now()
        self._serve(replica.model_id)
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
        was_idle = not replica.promises and replica.used_s <= replica.cpu_at_s
        if was_idle and replica.cpu_s is not None and replica.sleep is None:
            replica.idle_cores = max(0.0, cpu_s - replica.cpu_s) / (now_s - replica.cpu_at_s)
        replica.cpu_s, replica.cpu_at_s = cpu_s, now_s

    def pausing(self, replica: Replica, lock: asyncio.Lock) -> None:
        """A replica is being put to sleep: it must be woken before it is used."""
        replica.sleep = lock

    def awake(self, replica: Replica) -> None:
        """A replica answers at once again."""
        replica.sleep = None

    def ran_out(self, replica: Replica) -> None:
        """Note that a replica's memory was not enough: it takes at least its limit, and the log is to say so."""
        replica.memory_peak_mib = max(replica.memory_peak_mib or 0, replica.order.memory_limit_mib)

    async def changed(self) -> None:
        """Wait for the next change of the table."""
        await self._changed.wait()

    def _serve(self, model_id: ModelId) -> None:
        self._queue(model_id).serve([replica for replica in self if replica.model_id == model_id])

    def _queue(self, model_id: ModelId) -> SlotQueue:
        return self._queues.setdefault(model_id, SlotQueue(self._begin))

    def _begin(self, replica: Replica, promise: Promise) -> None:
        if promise.holder is not replica:
            promise.holder.promises.remove(promise)
            replica.promises.append(promise)
            promise.holder = replica
            self._pulse()
        promise.began_s = self._now()

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
