"""Strictly in order of arrival, evicting what is idle: how Ollama schedules. Also, with it, always the same model."""

from collections import deque
from dataclasses import replace

from dispatcher.core.eligibility import Candidate
from dispatcher.core.simulation.machine import Machine
from dispatcher.core.simulation.row import Row
from dispatcher.core.simulation.visit import End, Visit
from dispatcher.core.task import ModelId

_KEEP_ALIVE_S = 300.0
_QUEUE_MAX = 512


class Fifo:
    """One queue for all models.

    Only its head is looked at. When the head's model is in memory, or coming, the call is handed to it, to wait for a
    slot there; when there is memory, the model is loaded; else one that is idle is unloaded, or, when none is, one is
    waited for until all that it was handed is done. Until then nobody behind the head gets on, not even those whose
    model is loaded. What is unused for five minutes is unloaded. More than 512 in the queue are refused.

    Of several idle ones the longest idle goes first. Ollama takes the one with the shortest keep-alive, which all have
    alike here, and then by name.

    Args:
        always: a model that answers every call, whichever is asked for.
    Source: Ollama's processPending, processCompleted and findRunnerToUnload (server/sched.go); OLLAMA_MAX_QUEUE is 512
        and OLLAMA_KEEP_ALIVE five minutes unless set.
    """

    def __init__(self, always: ModelId | None = None) -> None:
        self.name = "FIFO" if always is None else f"always {always}"
        self._always = always
        self._queue: deque[Visit] = deque()
        self._pushed_out = 0

    def arrive(self, visit: Visit, machine: Machine) -> None:
        """Stand in line at the end."""
        visit.candidate = self._model_for(visit, machine)
        if visit.candidate is None or len(self._queue) >= _QUEUE_MAX:
            machine.end(visit, End.REFUSED)
        else:
            self._queue.append(visit)

    def react(self, machine: Machine) -> None:
        """Move the queue on as far as it goes."""
        while self._queue:
            head = self._queue[0]
            if head.is_waiting and not self._hand_over(head, machine):
                break
            self._queue.popleft()
        for row in tuple(machine.rows):
            if not row.is_condemned and not row.is_busy and machine.now_s - row.used_s >= _KEEP_ALIVE_S:
                machine.condemn(row)

    def _model_for(self, visit: Visit, machine: Machine) -> Candidate | None:
        if self._always is None:
            return machine.workload.named(visit.call)
        candidate = machine.workload.candidates[self._always]
        asks_for_it = replace(visit.call, model=self._always)
        return candidate if machine.workload.is_able(candidate, asks_for_it) else None

    def _hand_over(self, visit: Visit, machine: Machine) -> bool:
        """Give the call to its model; False when that has to wait for another to be gone."""
        if visit.candidate is None:
            return True
        row = machine.of_model(visit.candidate.spec.id)
        if row is None and machine.free_mib >= visit.candidate.footprint_mib:
            row = machine.start(visit.candidate.spec.id, ())
            row.evicted, self._pushed_out = self._pushed_out, 0
        if row is None:
            self._push_out_one(machine)
            return False
        machine.hand_over(row, visit)
        return True

    def _push_out_one(self, machine: Machine) -> None:
        if any(row.is_condemned for row in machine.rows):
            return  # one is going already
        self._pushed_out += 1
        machine.condemn(min(machine.rows, key=_goes_first))


def _goes_first(row: Row) -> tuple[bool, float]:
    return row.is_busy, row.used_s
