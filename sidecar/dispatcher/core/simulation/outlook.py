"""The simulated machine as the choosing and the scheduling code see it, in the words of the sidecar."""

from dispatcher.core.prospects import Hall, Situation
from dispatcher.core.replica import ReplicaState, Resident
from dispatcher.core.scheduling import Side
from dispatcher.core.simulation.books import Books, waiter_of
from dispatcher.core.simulation.machine import Machine
from dispatcher.core.simulation.row import Row
from dispatcher.core.simulation.visit import Visit
from dispatcher.core.task import ModelId
from dispatcher.core.waiting import Ahead, Waiter, ahead_of


def situation_of(visit: Visit, books: Books, machine: Machine) -> Situation:
    """All that a choice for this call depends on."""
    newcomer = waiter_of(visit, 0.0)
    there = {row.model_id for row in machine.rows if not row.is_condemned}
    return Situation(
        request=visit.call.request,
        task_type=visit.call.task_type,
        complexity=visit.call.complexity,
        text=visit.call.text,
        max_tokens=visit.call.max_tokens,
        candidates=machine.workload.models,
        residents=residents_of(books, machine, newcomer),
        budget_mib=machine.workload.budget_mib,
        halls=tuple(_hall(model_id, newcomer, books, machine) for model_id in books.asked if model_id not in there),
        sides=sides_of(books, machine),
        newcomer=newcomer,
    )


def residents_of(books: Books, machine: Machine, newcomer: Waiter | None) -> tuple[Resident, ...]:
    """The replicas; waits are those of the newcomer, or of one that goes last."""
    return tuple(_resident(row, books, machine.now_s, newcomer) for row in machine.rows)


def sides_of(books: Books, machine: Machine) -> dict[ModelId, Side]:
    """The models that are waited for, and those in memory, with whoever waits for them."""
    named = {*books.asked, *(row.model_id for row in machine.rows)}
    return {model_id: _side(model_id, books, machine) for model_id in sorted(named)}


def _side(model_id: ModelId, books: Books, machine: Machine) -> Side:
    candidate = machine.workload.candidates[model_id]
    return Side(
        model_id=model_id,
        waiters=books.waiters(model_id),
        load_s=candidate.spec.load_s,
        slots=candidate.spec.slots,
        footprint_mib=candidate.footprint_mib,
        arrivals_per_s=books.arrivals(model_id, machine.now_s).steady_per_s,
    )


def _hall(model_id: ModelId, newcomer: Waiter, books: Books, machine: Machine) -> Hall:
    spec = machine.workload.candidates[model_id].spec
    waiters = books.waiters(model_id)
    ahead_s = ahead_of(newcomer, waiters, books.shares.as_of(machine.now_s), machine.now_s, spec.slots).work_s
    work_s = sum(one.run_s for one in waiters)
    return Hall(model_id, ahead_s / spec.slots, spec.load_s + work_s / spec.slots)


def _resident(row: Row, books: Books, now_s: float, newcomer: Waiter | None) -> Resident:
    spec = row.candidate.spec
    waiters = () if row.is_condemned else books.waiters(row.model_id)
    work_s = sum(one.run_s for one in waiters)
    ahead = Ahead(len(waiters), work_s)
    if newcomer is not None:
        ahead = ahead_of(newcomer, waiters, books.shares.as_of(now_s), now_s, spec.slots)
    left = [_left_s(row, visit, now_s) for visit in row.visits]
    has_free_slot = len(left) + int(ahead.count) < spec.slots
    return Resident(
        replica_id=row.replica_id,
        model_id=row.model_id,
        state=_state(row),
        is_condemned=row.is_condemned,
        is_pinned=spec.is_pinned,
        in_flight=len(left),
        waiting=len(waiters),
        slots=spec.slots,
        threads=row.candidate.threads,
        footprint_mib=row.candidate.footprint_mib,
        queue_s=0.0 if has_free_slot else (sum(left) + ahead.work_s) / spec.slots,
        in_flight_s=max(left, default=0.0),
        drain_s=(sum(left) + work_s) / spec.slots,
        ready_in_s=_ready_in_s(row, now_s),
        reload_s=spec.load_s,
        uses_per_s=row.use_rate(now_s),
        idle_s=0.0 if left or waiters else now_s - row.used_s,
        up_s=0.0 if row.ready_s is None else now_s - row.ready_s,
    )


def _state(row: Row) -> ReplicaState:
    if row.is_stopping:
        return ReplicaState.DRAINING
    if row.ready_s is not None:
        return ReplicaState.READY
    return ReplicaState.CREATING if row.admitted_s is None else ReplicaState.LOADING


def _left_s(row: Row, visit: Visit, now_s: float) -> float:
    """Expected seconds of work left, as the sidecar has it: what takes longer than thought may take as long again."""
    run_s, passed_s = visit.call.forecast_s(row.candidate), now_s - (visit.began_s or 0.0)
    return run_s - passed_s if passed_s < run_s else passed_s


def _ready_in_s(row: Row, now_s: float) -> float:
    load_s = row.candidate.spec.load_s
    if row.ready_s is not None:
        return 0.0
    if row.admitted_s is None:
        return max(now_s - row.opened_s, load_s)
    return max(0.0, row.admitted_s + load_s - now_s)
