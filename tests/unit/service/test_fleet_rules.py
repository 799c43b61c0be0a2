"""A machine of chance drives the fleet's table through everything that can happen, and its rules hold at every step."""

import asyncio
import functools
from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dispatcher.core.idleness import IdleStep, idle_step, is_memory_wanted
from dispatcher.core.record import LifecycleRecord
from dispatcher.core.replica import Endpoint, ReplicaId, ReplicaState, StartOrder, may_become
from dispatcher.core.scheduling import Side, next_load
from dispatcher.core.task import ModelId
from dispatcher.core.waiting import Waiter
from dispatcher.errors import ReplicaStartFailed, RuntimeUnreachable
from dispatcher.service.fleet import Fleet
from dispatcher.service.replica import Promise, Replica
from tests.unit.core.builders import candidate, spec

NOWHERE = Endpoint("http://127.0.0.1:9", "key")
BUDGET_MIB = 1000
SIZES = {ModelId("tiny"): 150, ModelId("small"): 300, ModelId("large"): 700, ModelId("huge"): 1000}
MODELS = {name: spec(name, slots=1 + len(name) % 2, load_s=3.0) for name in SIZES}
IDLE_S = 60.0


def inside(step: Callable[..., None]) -> Callable[..., None]:
    """Do a step inside the machine's loop, where futures belong; none of the steps awaits."""

    @functools.wraps(step)
    def run(machine: "Machine", **given: object) -> None:
        async def once() -> None:
            step(machine, **given)
            machine.settle()

        machine.loop.run_until_complete(once())

    return run


class Machine(RuleBasedStateMachine):
    """What the sidecar's loops do, one step at a time, in any order."""

    @initialize(names=st.lists(st.sampled_from(sorted(SIZES)), min_size=2, max_size=6))
    def begin(self, names: list[str]) -> None:
        self.loop = asyncio.new_event_loop()
        self.now_s = 0.0
        self.log: list[LifecycleRecord] = []
        self.promises: list[Promise] = []
        self.count = 0
        self.fleet = Fleet(lambda: self.now_s, lambda: self.now_s, self.log.append)
        for name in names:
            self.ask(name=name)
            self.come_up(is_good=True)

    def teardown(self) -> None:
        self.loop.close()

    @rule(
        name=st.sampled_from([*sorted(SIZES), "tiny", "small", "small"]),
        timeout_s=st.sampled_from([5.0, 60.0, 600.0]),
        priority=st.sampled_from([0, 0, -50, 50]),
    )
    @inside
    def ask(self, name: str, timeout_s: float = 60.0, priority: int = 0) -> None:
        """A dispatch comes, and waits for its model."""
        model_id = ModelId(name)
        waiter = Waiter(self.fleet.ticket(), model_id, name[0], priority, self.now_s, self.now_s + timeout_s, 2.0)
        self.promises.append(self.fleet.wait(waiter))

    @precondition(lambda self: self.promises)
    @rule(number=st.integers(0, 100))
    @inside
    def finish(self, number: int) -> None:
        """A dispatch is answered, or its caller leaves."""
        self.fleet.finish(self.promises.pop(number % len(self.promises)))

    @rule(seconds=st.floats(0.1, 100))
    @inside
    def pass_time(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(is_good=st.sampled_from([True, True, True, False]))
    @inside
    def come_up(self, is_good: bool) -> None:
        """The first that is loading comes up, or fails."""
        for replica in self.fleet:
            if replica.is_admitted and replica.state is ReplicaState.CREATING:
                self.fleet.advance(replica, ReplicaState.LOADING)
                if is_good:
                    self.fleet.ready(replica, NOWHERE)
                else:
                    self._lose(replica, ReplicaStartFailed("it couldn't be started"))
                return

    @rule(number=st.integers(0, 100))
    @inside
    def die(self, number: int) -> None:
        """A ready replica is gone, by out of memory, say."""
        ready = [one for one in self.fleet if one.state is ReplicaState.READY]
        if ready:
            self._lose(ready[number % len(ready)], RuntimeUnreachable("it is gone"))

    @rule(number=st.integers(0, 100), is_fault=st.sampled_from([True, True, False]))
    @inside
    def judge(self, number: int, is_fault: bool) -> None:
        """A replica fails again and again, or answers."""
        ready = [one for one in self.fleet if one.state is ReplicaState.READY]
        for _ in range(3 if ready else 0):
            (self.fleet.failed if is_fault else self.fleet.answered)(ready[number % len(ready)])

    @rule()
    @inside
    def reap(self) -> None:
        residents = self.fleet.residents()
        candidates = [candidate(model, footprint_mib=SIZES[name]) for name, model in MODELS.items()]
        is_wanted = is_memory_wanted(candidates, residents, BUDGET_MIB)
        for resident in residents:
            if idle_step(resident, IDLE_S, is_in_the_way=is_wanted) is IdleStep.STOP:
                replica = self.fleet.get(resident.replica_id)
                assert replica is not None
                assert self.fleet.is_done(replica), "nobody who was promised an answer loses it to idleness"
                self.fleet.condemn(replica, "idle")

    @rule(is_heard=st.sampled_from([True, True, False]))
    @inside
    def end(self, is_heard: bool) -> None:
        """The host has ended what drains, or couldn't be heard."""
        for replica in self.fleet:
            if replica.state is ReplicaState.DRAINING and is_heard:
                self.fleet.advance(replica, ReplicaState.STOPPED)

    def settle(self) -> None:
        """What the sidecar's loops do at once: plan, drain what owes nothing, give out free memory in order."""
        self._plan()
        for replica in self.fleet:
            if replica.is_condemned and replica.state is ReplicaState.READY and self.fleet.is_done(replica):
                self.fleet.advance(replica, ReplicaState.DRAINING)
        for replica in self.fleet:
            if replica.state is ReplicaState.CREATING and not replica.is_admitted:
                if self._taken_mib() + replica.footprint_mib > BUDGET_MIB:
                    return
                self.fleet.admit(replica)

    @invariant()
    def the_budget_is_never_exceeded(self) -> None:
        assert self._taken_mib() <= BUDGET_MIB

    @invariant()
    def slots_are_never_overfull_and_nobody_waits_beside_a_free_one(self) -> None:
        for replica in self.fleet:
            assert replica.in_flight <= replica.order.slots
            if replica.state is ReplicaState.READY and replica.is_trusted:
                assert not self.fleet.waiters(replica.model_id) or replica.in_flight == replica.order.slots

    @invariant()
    def the_last_replica_of_a_model_is_asked_however_sick(self) -> None:
        for model_id in MODELS:
            usable = [one for one in self.fleet if one.model_id == model_id and one.is_usable]
            if usable and all(one.state is ReplicaState.READY and one.breaker.is_tripped for one in usable):
                assert not self.fleet.waiters(model_id) or all(one.in_flight for one in usable)

    @invariant()
    def nobody_is_left_behind_while_memory_is_idle(self) -> None:
        """Whoever has no replica coming waits for one that works, is on its way, or has not yet earned its load."""
        for model_id in self.fleet.stranded:
            there = [one for one in self.fleet if not one.is_condemned]
            free_mib = BUDGET_MIB - sum(one.footprint_mib for one in there)
            assert SIZES[model_id] > free_mib

    @invariant()
    def states_never_leave_their_graph(self) -> None:
        last: dict[ReplicaId, ReplicaState] = {}
        for record in self.log:
            if record.replica_id in last:
                assert may_become(last[record.replica_id], record.state)
            last[record.replica_id] = record.state

    def _plan(self) -> None:
        while stranded := self.fleet.stranded:
            sides = {name: self._side(name, stranded.get(name, self.fleet.waiters(name))) for name in MODELS}
            load = next_load(sides, self.fleet.residents(), BUDGET_MIB, self.now_s)
            if load is None:
                return
            for replica_id in load.evicts:
                evicted = self.fleet.get(replica_id)
                assert evicted is not None
                assert not evicted.is_condemned
                self.fleet.condemn(evicted, f"evicted for {load.model_id}", is_urgent=True)
            self.count += 1
            model = MODELS[load.model_id]
            order = StartOrder(ReplicaId(f"r{self.count}"), model.id, "", "", 4096, model.slots, 1, 500)
            self.fleet.open(order, model, SIZES[load.model_id])

    def _side(self, name: ModelId, waiters: tuple[Waiter, ...]) -> Side:
        model = MODELS[name]
        return Side(name, waiters, model.load_s, model.slots, SIZES[name], self.fleet.arrivals(name).steady_per_s)

    def _lose(self, replica: Replica, error: Exception) -> None:
        for promise in replica.promises.copy():
            self.promises.remove(promise)
            self.fleet.finish(promise)
        self.fleet.lose(replica, error, str(error))
        for promise in self.promises.copy():
            if promise.turn.done() and promise.holder is None:
                assert promise.turn.exception() is error
                self.promises.remove(promise)
                self.fleet.finish(promise)

    def _taken_mib(self) -> int:
        return sum(replica.footprint_mib for replica in self.fleet if replica.is_admitted)


Machine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestFleet = Machine.TestCase
