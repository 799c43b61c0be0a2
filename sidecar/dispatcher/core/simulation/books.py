"""What the sidecar keeps in mind of those who wait: the queues, how often models are asked for, who had how much."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from dispatcher.core.arrivals import Arrivals
from dispatcher.core.shares import Shares
from dispatcher.core.simulation.row import Row
from dispatcher.core.simulation.visit import Visit
from dispatcher.core.task import ModelId
from dispatcher.core.waiting import Waiter


@dataclass(slots=True)
class Books:
    """Queues by model."""

    shares: Shares = field(default_factory=lambda: Shares(0.0))
    _queues: dict[ModelId, dict[int, tuple[Waiter, Visit]]] = field(default_factory=dict)
    _arrivals: dict[ModelId, Arrivals] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._queues.values()))

    @property
    def asked(self) -> tuple[ModelId, ...]:
        """The models that somebody waits for."""
        return tuple(model_id for model_id, queue in self._queues.items() if queue)

    def waiters(self, model_id: ModelId) -> tuple[Waiter, ...]:
        """Those who wait for a model, in order of arrival."""
        return tuple(waiter for waiter, _ in self._queues.get(model_id, {}).values())

    def enter(self, visit: Visit, run_s: float, now_s: float) -> None:
        """Stand in line for the visit's model, on which it is expected to take so long."""
        waiter = waiter_of(visit, run_s)
        self._queues.setdefault(waiter.model_id, {})[waiter.ticket] = (waiter, visit)
        self.arrivals(waiter.model_id, now_s).came(now_s)

    def leave(self, waiter: Waiter) -> Visit:
        """Stand in line no longer."""
        return self._queues[waiter.model_id].pop(waiter.ticket)[1]

    def clear(self) -> None:
        """Forget those whose callers have given up."""
        for queue in self._queues.values():
            for ticket in [ticket for ticket, (_, visit) in queue.items() if not visit.is_waiting]:
                del queue[ticket]

    def arrivals(self, model_id: ModelId, now_s: float) -> Arrivals:
        """How often a model is asked for, as of now."""
        return self._arrivals.setdefault(model_id, Arrivals(now_s)).passed(now_s)

    def is_someone_stranded(self, rows: Iterable[Row]) -> bool:
        """Whether somebody waits for a model that no replica serves or will."""
        there = {row.model_id for row in rows if not row.is_condemned}
        return any(model_id not in there for model_id in self.asked)


def waiter_of(visit: Visit, run_s: float) -> Waiter:
    """A call as one who waits for its model."""
    return Waiter(
        ticket=visit.call.number,
        model_id=visit.candidate.spec.id if visit.candidate else ModelId(""),
        share=visit.call.workflow,
        priority=visit.call.priority,
        arrived_s=visit.arrived_s,
        deadline_s=visit.deadline_s,
        run_s=run_s,
    )
