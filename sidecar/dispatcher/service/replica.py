"""One row of the fleet's table: a replica, what it has promised, and how it looks to the choosing code."""

import asyncio
import math
from dataclasses import dataclass, field

from dispatcher.core.breaker import Breaker
from dispatcher.core.concurrency import Limit
from dispatcher.core.model import HostKind, ModelSpec
from dispatcher.core.replica import STARTING, Endpoint, Fetching, ReplicaId, ReplicaState, Resident, StartOrder
from dispatcher.core.task import ModelId
from dispatcher.core.waiting import Waiter

_RATE_AFTER_S = 1.0  # a download's speed is believed after this
USE_MEMORY_S = 600.0  # how long a use counts towards the rate of use


@dataclass(slots=True, eq=False)
class Promise:
    """One dispatch that a model will answer: it waits until `holder`, one of the model's replicas, has begun it.

    `turn` is done then, or holds why nobody will; it may be cancelled before. One that `is_left` by its caller is kept
    until its server has noticed.
    """

    waiter: Waiter
    turn: asyncio.Future["Replica"]
    holder: "Replica | None" = None
    began_s: float = 0.0
    is_left: bool = False


@dataclass(slots=True, eq=False)
class Replica:
    """One row of the table; only the fleet writes to it.

    `promises` are those it works on. One that is condemned still serves whoever waited before `serves_until_s`.
    `came_up` is done when it is ready, or holds why it failed. `sleep` is there from when it is put to sleep until it
    is awake again; whoever pauses or wakes it holds that lock.
    """

    order: StartOrder
    spec: ModelSpec
    footprint_mib: int
    opened_s: float
    since_s: float
    used_s: float
    came_up: asyncio.Future[None]
    limit: Limit
    state: ReplicaState = ReplicaState.CREATING
    reason: str = ""
    is_admitted: bool = False
    serves_until_s: float = math.inf
    endpoint: Endpoint | None = None
    fetching: Fetching | None = None
    fetching_since_s: float = 0.0
    fetched_before_bytes: int = 0
    pid: int | None = None
    memory_mib: int | None = None
    memory_peak_mib: int | None = None
    cpu_s: float | None = None
    cpu_at_s: float = 0.0
    idle_cores: float = 0.0
    sleep: asyncio.Lock | None = None
    uses_per_s: float = 0.0
    breaker: Breaker = Breaker()  # noqa: RUF009 - frozen
    in_flight_when_lost: int = 0
    promises: list[Promise] = field(default_factory=list)

    @property
    def id(self) -> ReplicaId:
        """Its name."""
        return self.order.replica_id

    @property
    def model_id(self) -> ModelId:
        """What it serves."""
        return self.order.model_id

    @property
    def is_condemned(self) -> bool:
        """Takes no new work, and stops when it has done what it still serves."""
        return self.serves_until_s < math.inf

    @property
    def slots(self) -> int:
        """How many dispatches it may work on at the same time: one when it is ejected, or when one is to be alone."""
        has_lone_one = any(promise.waiter.is_alone for promise in self.promises)
        return 1 if self.breaker.is_tripped or has_lone_one else min(self.order.slots, self.limit.slots)

    @property
    def in_flight(self) -> int:
        """How many dispatches it works on."""
        return len(self.promises)

    @property
    def is_usable(self) -> bool:
        """Whether a dispatch that comes now may count on it: it is up or coming, and not on its way out."""
        return not self.is_condemned and (self.state is ReplicaState.READY or self.state in STARTING)

    @property
    def is_trusted(self) -> bool:
        """Whether it is usable, and hasn't failed again and again."""
        return self.is_usable and not self.breaker.is_tripped

    def serves(self, waiter: Waiter) -> bool:
        """Whether it is up or coming and may take this dispatch of its model."""
        is_there = self.state is ReplicaState.READY or self.state in STARTING
        return is_there and waiter.arrived_s <= self.serves_until_s


@dataclass(frozen=True, slots=True)
class Line:
    """Those who wait for a model, as far as one of its replicas will have to serve them.

    Args:
        waiting: how many.
        work_s: expected seconds of work for all of them.
        ahead, ahead_s: the same for those who go before whoever asks.
    """

    waiting: int = 0
    work_s: float = 0.0
    ahead: int = 0
    ahead_s: float = 0.0


def resident_of(replica: Replica, line: Line, now_s: float) -> Resident:
    """A snapshot of the row at this moment."""
    left = [_left_s(promise, now_s) for promise in replica.promises]
    slots = replica.slots
    has_free_slot = len(left) + line.ahead < slots
    return Resident(
        replica_id=replica.id,
        model_id=replica.model_id,
        state=replica.state,
        is_condemned=replica.is_condemned or replica.state is ReplicaState.DRAINING,
        is_pinned=replica.spec.is_pinned or replica.spec.host is HostKind.REMOTE,  # not ours to stop
        in_flight=replica.in_flight,
        waiting=line.waiting,
        slots=slots,
        threads=replica.order.threads,
        footprint_mib=replica.footprint_mib,
        queue_s=0.0 if has_free_slot else (sum(left) + line.ahead_s) / slots,
        in_flight_s=max(left, default=0.0),
        drain_s=(sum(left) + line.work_s) / slots,
        ready_in_s=_wait_for_ready_s(replica, now_s),
        reload_s=replica.spec.load_s,
        uses_per_s=use_rate(replica, now_s),
        idle_s=0.0 if replica.promises or line.waiting else now_s - replica.used_s,
        up_s=now_s - replica.since_s if replica.state is ReplicaState.READY else 0.0,
        is_paused=replica.sleep is not None,
        idle_cores=replica.idle_cores,
        breaker=replica.breaker.state(now_s),
    )


def use_rate(replica: Replica, now_s: float) -> float:
    """Uses per second, lately; what is longer ago counts less."""
    return replica.uses_per_s * math.exp((replica.used_s - now_s) / USE_MEMORY_S)


def _left_s(promise: Promise, now_s: float) -> float:
    """Expected seconds of work left; one that takes longer than thought may take as long again."""
    passed_s = now_s - promise.began_s
    return promise.waiter.run_s - passed_s if passed_s < promise.waiter.run_s else passed_s


def ready_in_s(replica: Replica, now_s: float) -> float | None:
    """Seconds until it answers: from how fast it fetches, and how long loading takes; None where that isn't known."""
    if replica.state not in STARTING:
        return 0.0
    if replica.fetching is not None:
        fetch_s = _fetch_left_s(replica, replica.fetching, now_s)
        return None if fetch_s is None else fetch_s + replica.spec.load_s
    left_s = replica.spec.load_s - (now_s - replica.since_s)
    return left_s if left_s > 0 and replica.is_admitted else None


def _fetch_left_s(replica: Replica, fetching: Fetching, now_s: float) -> float | None:
    passed_s, came_bytes = now_s - replica.fetching_since_s, fetching.done_bytes - replica.fetched_before_bytes
    if not fetching.total_bytes or passed_s < _RATE_AFTER_S or came_bytes <= 0:
        return None
    return (fetching.total_bytes - fetching.done_bytes) * passed_s / came_bytes


def _wait_for_ready_s(replica: Replica, now_s: float) -> float:
    """The same for choosing, which needs a number: the unknown goes on for as long as it has so far, or as a load."""
    known_s = ready_in_s(replica, now_s)
    return max(now_s - replica.opened_s, replica.spec.load_s) if known_s is None else known_s
