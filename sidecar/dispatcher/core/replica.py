"""A replica: one inference server for one model, and the states it may go through."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from dispatcher.core.breaker import BreakerState
from dispatcher.core.model import Engine
from dispatcher.core.task import ModelId

ReplicaId = NewType("ReplicaId", str)


class ReplicaState(StrEnum):
    """Where in its life a replica is."""

    CREATING = "creating"
    PULLING = "pulling"
    LOADING = "loading"
    READY = "ready"
    DRAINING = "draining"
    STOPPED = "stopped"
    FAILED = "failed"


_NEXT: dict[ReplicaState, frozenset[ReplicaState]] = {
    ReplicaState.CREATING: frozenset(
        {ReplicaState.PULLING, ReplicaState.LOADING, ReplicaState.DRAINING, ReplicaState.FAILED}
    ),
    ReplicaState.PULLING: frozenset({ReplicaState.LOADING, ReplicaState.DRAINING, ReplicaState.FAILED}),
    ReplicaState.LOADING: frozenset({ReplicaState.READY, ReplicaState.DRAINING, ReplicaState.FAILED}),
    ReplicaState.READY: frozenset({ReplicaState.DRAINING, ReplicaState.FAILED}),
    ReplicaState.DRAINING: frozenset({ReplicaState.STOPPED, ReplicaState.FAILED}),
    ReplicaState.STOPPED: frozenset(),
    ReplicaState.FAILED: frozenset(),
}

STARTING = frozenset({ReplicaState.CREATING, ReplicaState.PULLING, ReplicaState.LOADING})
GONE = frozenset({ReplicaState.STOPPED, ReplicaState.FAILED})


def may_become(state: ReplicaState, following: ReplicaState) -> bool:
    """Whether a replica in `state` may go to `following` next."""
    return following in _NEXT[state]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an inference server listens, and the key it wants.

    Args:
        api_path: what stands before the paths of OpenAI's protocol.
        model: its own name for the model, where that isn't our id.
        is_foreign: an admin entered it, and someone else runs it: it is sent only what every such server takes, and is
            asked nothing but for answers, for each may cost money.
        is_llama_cpp: it takes llama.cpp's own fields, too.
    """

    base_url: str
    api_key: str = field(repr=False)
    api_path: str = "/v1"
    model: str = ""
    is_foreign: bool = False
    is_llama_cpp: bool = True

    @property
    def api_url(self) -> str:
        """Where OpenAI's protocol begins."""
        return self.base_url + self.api_path

    @property
    def auth_headers(self) -> dict[str, str]:
        """What shows the key, if there is one."""
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}


@dataclass(frozen=True, slots=True)
class StartOrder:
    """All a host needs to start one replica. Sizes in MiB, context in tokens per slot.

    With `is_ours` False someone else runs the server: how it loads a model, and for how long, isn't ours to say.
    With `embeds` the model is there to turn texts into vectors, and for nothing else.
    """

    replica_id: ReplicaId
    model_id: ModelId
    weights_path: str
    weights_sha256: str
    context_tokens: int
    slots: int
    threads: int
    memory_limit_mib: int
    engine: Engine = Engine.EMBEDDED
    reference: str = ""
    needs_gpu: bool = False
    is_ours: bool = True
    embeds: bool = False


@dataclass(frozen=True, slots=True)
class Fetching:
    """How far a download is: an image, or a model. `total_bytes` is None while it isn't known."""

    what: str
    done_bytes: int
    total_bytes: int | None


OnFetching = Callable[[Fetching], None]


@dataclass(frozen=True, slots=True)
class Look:
    """What a host sees of one replica now. `ended` says why it is gone, None while it runs; `cpu_s` since its start."""

    memory_mib: int | None
    pid: int | None
    ended: str | None
    is_out_of_memory: bool = False
    cpu_s: float | None = None


@dataclass(frozen=True, slots=True)
class Survivor:
    """A replica that was running before this sidecar started."""

    order: StartOrder
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Resident:
    """A replica that takes memory now, as the choosing code sees it.

    Args:
        is_condemned: takes no new work and stops when what it has is done.
        is_pinned: is never evicted, nor stopped for idleness.
        waiting: dispatches that wait for a slot of it.
        queue_s: expected wait for a free slot, in seconds, once it is ready.
        in_flight_s: expected wait until it has done what it works on.
        drain_s: the same, with what waits for it, once it is ready.
        ready_in_s: expected wait until it answers at all; 0 when ready.
        reload_s: what it costs to bring it back after an eviction.
        uses_per_s: how often it is used, decayed; says how likely it is wanted next.
        up_s: how long it has been ready; 0 while it starts.
        is_paused: sleeps with its memory kept; it is woken when it is used.
        idle_cores: CPU cores it burns while it has nothing to do.
        breaker: whether it failed too often lately to be trusted.
    """

    replica_id: ReplicaId
    model_id: ModelId
    state: ReplicaState
    is_condemned: bool
    is_pinned: bool
    in_flight: int
    slots: int
    threads: int
    footprint_mib: int
    queue_s: float
    drain_s: float
    ready_in_s: float
    reload_s: float
    uses_per_s: float
    idle_s: float
    up_s: float = math.inf
    waiting: int = 0
    in_flight_s: float = 0.0
    is_paused: bool = False
    idle_cores: float = 0.0
    breaker: BreakerState = BreakerState.CLOSED

    @property
    def is_shunned(self) -> bool:
        """Whether others of its model are to be asked first: it is ejected, or being tried already."""
        is_tried = self.breaker is BreakerState.PROBING and self.in_flight > 0
        return self.breaker is BreakerState.EJECTED or is_tried

    @property
    def wait_s(self) -> float:
        """Expected seconds until it could begin one more dispatch."""
        return self.ready_in_s + self.queue_s

    @property
    def busy_s(self) -> float:
        """Expected seconds until it has done all it has promised, and may be stopped."""
        return self.ready_in_s + self.drain_s
