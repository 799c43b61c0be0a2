"""A replica on the simulated machine."""

import math
from dataclasses import dataclass, field

from dispatcher.core.eligibility import Candidate
from dispatcher.core.replica import ReplicaId
from dispatcher.core.simulation.visit import Visit
from dispatcher.core.task import ModelId

USE_MEMORY_S = 600.0  # how long a use counts towards the rate of use, as in the sidecar


@dataclass(slots=True, eq=False)
class Row:
    """One replica. Times on the simulated clock, in seconds; None for what hasn't happened.

    Args:
        evicted: whom its load pushed out.
        admitted_s: when its memory was free and its load began.
        stopped_s: when its memory was given back.
        visits: what it works on.
        line: calls that were handed to it and wait there for a slot, in order of arrival, as in an inference server.
    """

    replica_id: ReplicaId
    candidate: Candidate
    opened_s: float
    used_s: float
    evicted: int = 0
    admitted_s: float | None = None
    ready_s: float | None = None
    stopped_s: float | None = None
    is_condemned: bool = False
    is_stopping: bool = False
    uses_per_s: float = 0.0
    visits: list[Visit] = field(default_factory=list)
    line: list[Visit] = field(default_factory=list)

    @property
    def model_id(self) -> ModelId:
        """What it serves."""
        return self.candidate.spec.id

    @property
    def is_ready(self) -> bool:
        """Whether it answers."""
        return self.ready_s is not None and not self.is_stopping

    @property
    def is_busy(self) -> bool:
        """Whether it is coming up, or owes answers."""
        return self.ready_s is None or bool(self.visits or self.line)

    @property
    def has_free_slot(self) -> bool:
        """Whether it could begin an answer now."""
        return self.is_ready and len(self.visits) < self.candidate.spec.slots

    def use_rate(self, now_s: float) -> float:
        """Uses per second, lately."""
        return self.uses_per_s * math.exp((self.used_s - now_s) / USE_MEMORY_S)

    def used(self, now_s: float, *, is_new: bool) -> None:
        """Note that it is used now; a new use counts towards the rate."""
        self.uses_per_s = self.use_rate(now_s) + (1 / USE_MEMORY_S if is_new else 0.0)
        self.used_s = now_s
