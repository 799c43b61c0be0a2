"""The simulated machine: a clock, replicas within a memory budget, and the calls that they work on."""

import heapq
from collections.abc import Callable, Sequence
from itertools import count

from dispatcher.core.replica import ReplicaId
from dispatcher.core.simulation.row import Row
from dispatcher.core.simulation.visit import End, Visit
from dispatcher.core.simulation.workload import Workload
from dispatcher.core.task import ModelId


class Machine:
    """Only does what a policy orders. `history` has every replica there ever was, `visits` every call that came."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.now_s = 0.0
        self.rows: list[Row] = []
        self.history: list[Row] = []
        self.visits: list[Visit] = []
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._ended: list[Visit] = []

    def at(self, at_s: float, event: Callable[[], None]) -> None:
        """Have something happen at that time; of the same moment, in the order of these calls."""
        heapq.heappush(self._events, (at_s, next(self._order), event))

    def advance(self) -> bool:
        """Go to the next event and let it happen; False when there is none."""
        if not self._events:
            return False
        self.now_s, _, event = heapq.heappop(self._events)
        event()
        return True

    def of_model(self, model_id: ModelId) -> Row | None:
        """The replica that serves a model, or will; None when there is none that may take more."""
        return next((row for row in self.rows if row.model_id == model_id and not row.is_condemned), None)

    @property
    def free_mib(self) -> int:
        """Memory that nobody has, or is promised."""
        return self.workload.budget_mib - sum(row.candidate.footprint_mib for row in self.rows)

    def start(self, model_id: ModelId, evicts: Sequence[ReplicaId]) -> Row:
        """Begin to load a model as soon as those to evict are gone."""
        candidate = self.workload.candidates[model_id]
        row = Row(ReplicaId(f"r{len(self.history)}"), candidate, self.now_s, self.now_s, evicted=len(evicts))
        self.history.append(row)
        self.rows.append(row)
        for other in [other for other in self.rows if other.replica_id in evicts]:
            self.condemn(other)
        self._admit()
        return row

    def condemn(self, row: Row) -> None:
        """Let a replica finish what it works on, and stop it then."""
        row.is_condemned = True
        self._stop_if_done(row)

    def begin(self, row: Row, visit: Visit) -> None:
        """Give a call a slot."""
        visit.began_s = self.now_s
        row.visits.append(visit)
        row.used(self.now_s, is_new=True)
        self.at(self.now_s + visit.call.run_s(row.candidate), lambda: self._answered(row, visit))

    def hand_over(self, row: Row, visit: Visit) -> None:
        """Let a call wait at a replica, which serves it in its turn, and doesn't stop before."""
        row.line.append(visit)
        self._serve_line(row)

    def end(self, visit: Visit, end: End) -> None:
        """A call is over; what it had is given back."""
        visit.end, visit.ended_s = end, self.now_s
        self._ended.append(visit)
        for row in self.rows:
            if visit in row.visits:
                row.visits.remove(visit)
                row.used(self.now_s, is_new=False)
            elif visit in row.line:
                row.line.remove(visit)
            else:
                continue
            self._serve_line(row)
            self._stop_if_done(row)
            break

    def take_ended(self) -> list[Visit]:
        """The calls that have ended since this was asked last."""
        ended, self._ended = self._ended, []
        return ended

    def _answered(self, row: Row, visit: Visit) -> None:
        if visit.end is None:
            self.end(visit, End.ANSWERED)

    def _serve_line(self, row: Row) -> None:
        while row.line and row.has_free_slot:
            self.begin(row, row.line.pop(0))

    def _stop_if_done(self, row: Row) -> None:
        is_loading = row.admitted_s is not None and row.ready_s is None
        if not row.is_condemned or row.visits or row.line or row.is_stopping or is_loading:
            return
        row.is_stopping = True
        if row.admitted_s is None:
            self._gone(row)
        else:
            self.at(self.now_s + self.workload.stop_s, lambda: self._gone(row))

    def _gone(self, row: Row) -> None:
        row.stopped_s = self.now_s
        self.rows.remove(row)
        self._admit()

    def _admit(self) -> None:
        """Let loads begin for which there is memory, in the order in which they were ordered."""
        taken_mib = sum(row.candidate.footprint_mib for row in self.rows if row.admitted_s is not None)
        for row in [row for row in self.rows if row.admitted_s is None]:
            taken_mib += row.candidate.footprint_mib
            if taken_mib > self.workload.budget_mib:
                return
            row.admitted_s = self.now_s
            self.at(self.now_s + row.candidate.spec.load_s, lambda row=row: self._ready(row))  # type: ignore[misc]

    def _ready(self, row: Row) -> None:
        row.ready_s = row.used_s = self.now_s
        self._serve_line(row)
        self._stop_if_done(row)
