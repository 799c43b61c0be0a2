"""The sidecar's own way: its choice, its queue, its swaps and its idleness, by the functions that the sidecar uses."""

from dispatcher.core.idleness import IdleStep, idle_step, is_memory_wanted
from dispatcher.core.prospects import prospects
from dispatcher.core.scheduling import next_load
from dispatcher.core.selection import Wish, rank
from dispatcher.core.simulation.books import Books
from dispatcher.core.simulation.machine import Machine
from dispatcher.core.simulation.outlook import residents_of, sides_of, situation_of
from dispatcher.core.simulation.row import Row
from dispatcher.core.simulation.visit import End, Visit
from dispatcher.core.waiting import first

CONFIDENCE = 0.7  # these three as the sidecar's settings have them
QUEUE_MAX = 256
IDLE_STOP_S = 900.0


class Ours:
    """Who waits is kept together by model; what can't be in time is refused at once.

    Args:
        confidence: the chance with which a model must keep the deadline to be chosen.
    """

    name = "AI Dispatch"

    def __init__(
        self, confidence: float = CONFIDENCE, queue_max: int = QUEUE_MAX, idle_stop_s: float = IDLE_STOP_S
    ) -> None:
        self._confidence = confidence
        self._queue_max = queue_max
        self._idle_stop_s = idle_stop_s
        self._books = Books()

    def arrive(self, visit: Visit, machine: Machine) -> None:
        """Choose a model and stand in line for it, or be refused."""
        promised = self._books.waiting + sum(len(row.visits) for row in machine.rows)
        found, _ = prospects(situation_of(visit, self._books, machine))
        wish = Wish(visit.call.objective, visit.call.timeout_s, self._confidence)
        options = rank(found, wish).options
        if promised >= self._queue_max or not options:
            machine.end(visit, End.REFUSED)
            return
        visit.candidate = machine.workload.candidates[options[0].model_id]
        self._books.enter(visit, options[0].forecast.run.p50, machine.now_s)

    def react(self, machine: Machine) -> None:
        """Give out free slots, then memory, then see who has been idle for too long."""
        self._books.clear()
        for row in machine.rows:
            self._serve(row, machine)
        self._plan(machine)
        self._reap(machine)

    def _serve(self, row: Row, machine: Machine) -> None:
        books, now_s = self._books, machine.now_s
        while row.has_free_slot and not row.is_condemned:
            waiter = first(books.waiters(row.model_id), books.shares.as_of(now_s), now_s)
            if waiter is None:
                return
            books.shares.served(waiter.share, waiter.run_s)
            machine.begin(row, books.leave(waiter))

    def _plan(self, machine: Machine) -> None:
        while self._books.is_someone_stranded(machine.rows):
            sides = sides_of(self._books, machine)
            residents = residents_of(self._books, machine, None)
            load = next_load(sides, residents, machine.workload.budget_mib, machine.now_s)
            if load is None:
                return
            machine.start(load.model_id, load.evicts)

    def _reap(self, machine: Machine) -> None:
        if not any(machine.now_s - row.used_s >= self._idle_stop_s for row in machine.rows):
            return
        residents = residents_of(self._books, machine, None)
        budget_mib = machine.workload.budget_mib
        is_in_the_way = is_memory_wanted(machine.workload.models, residents, budget_mib)
        for row, resident in zip(tuple(machine.rows), residents, strict=True):
            limit_s = row.candidate.spec.idle_stop_s or self._idle_stop_s
            if idle_step(resident, limit_s, is_in_the_way=is_in_the_way) is IdleStep.STOP:
                machine.condemn(row)
