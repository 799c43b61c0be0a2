"""In order of arrival, but all of a model together: how llama-swap schedules."""

from dispatcher.core.simulation.machine import Machine
from dispatcher.core.simulation.row import Row
from dispatcher.core.simulation.visit import End, Visit


class Collated:
    """Who asks for the model in memory is served at once, also past others who came before.

    The others wait. When a model owes no more answers, the queue is walked from its oldest: the first whose model can
    have memory, without stopping one that works, starts its load, and all others that want the same join it. Nothing
    bounds how long a steady stream of calls for one model keeps all others out.

    Two things are kinder here than in the original. There, in flight per model are at most ten unless set otherwise,
    and more are refused with 429; here they wait in the inference server. There, a group or a matrix says which models
    may be in memory together; here, the budget does, and the longest idle go first.

    Source: llama-swap's FIFO (internal/router/scheduler/fifo.go: A B C A B C becomes A A B B C C) and its design note.
    """

    name = "collated FIFO"

    def __init__(self) -> None:
        self._queue: list[Visit] = []

    def arrive(self, visit: Visit, machine: Machine) -> None:
        """Join the model's replica, or stand in line."""
        visit.candidate = machine.workload.named(visit.call)
        if visit.candidate is None:
            machine.end(visit, End.REFUSED)
        else:
            self._queue.append(visit)

    def react(self, machine: Machine) -> None:
        """Walk the queue in order of arrival."""
        self._queue = [visit for visit in self._queue if visit.is_waiting and not self._granted(visit, machine)]

    def _granted(self, visit: Visit, machine: Machine) -> bool:
        if visit.candidate is None:
            return True
        row = machine.of_model(visit.candidate.spec.id)
        if row is None:
            row = self._started(visit, machine)
        if row is not None:
            machine.hand_over(row, visit)
        return row is not None

    def _started(self, visit: Visit, machine: Machine) -> Row | None:
        """A new replica for the call, when enough of the others are idle."""
        if visit.candidate is None:
            return None
        missing_mib = visit.candidate.footprint_mib - machine.free_mib
        evicts: list[Row] = []
        for row in sorted(machine.rows, key=lambda one: one.used_s):
            if missing_mib > 0 and not row.is_condemned and not row.is_busy:
                evicts.append(row)
                missing_mib -= row.candidate.footprint_mib
        if missing_mib > 0:
            return None
        return machine.start(visit.candidate.spec.id, [row.replica_id for row in evicts])
