"""A machine of chance drives the fleet's table through everything that can happen, and its rules hold at every step."""

import asyncio
import functools
from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dispatcher.core.idleness import IdleStep, idle_step, is_memory_wanted
from dispatcher.core.placement import place
from dispatcher.core.record import LifecycleRecord
from dispatcher.core.replica import STARTING, Endpoint, ReplicaId, ReplicaState, StartOrder, may_become
from dispatcher.core.task import ModelId
from dispatcher.errors import ReplicaStartFailed, RuntimeUnreachable
from dispatcher.service.fleet import Fleet
from dispatcher.service.replica import Promise, Replica
from tests.unit.core.builders import candidate, spec

NOWHERE = Endpoint("http://127.0.0.1:9", "key")
BUDGET_MIB = 1000
SIZES = {"tiny": 150, "small": 300, "large": 700, "huge": 1000}
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
        self.waits: list[tuple[Promise, asyncio.Future[Replica] | None]] = []
        self.count = 0
        self.fleet = Fleet(lambda: self.now_s, lambda: self.now_s, self.log.append)
        for name in names:
            self.ask(name=name)
            self.come_up(is_good=True)

    def teardown(self) -> None:
        self.loop.close()

    @rule(name=st.sampled_from([*sorted(SIZES), "tiny", "small", "small"]))
    @inside
    def ask(self, name: str) -> None:
        """A dispatch: joins a replica of the model, or starts one where there is room, evicting others."""
        there = [one for one in self.fleet if one.model_id == name and self._is_open(one)]
        home = there[0] if there else self._start(name)
        if home is not None:
            promise = self.fleet.promise(home, 2.0)
            self.waits.append((promise, self.fleet.slot(promise) if home.state is ReplicaState.READY else None))

    @precondition(lambda self: self.waits)
    @rule(number=st.integers(0, 100))
    @inside
    def finish(self, number: int) -> None:
        """A dispatch is answered, or its caller leaves."""
        promise, turn = self.waits.pop(number % len(self.waits))
        if turn is not None and not turn.done():
            turn.cancel()
        self.fleet.finish(promise)

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
                    self._take_turns(replica)
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
                assert not replica.promises, "nobody who was promised an answer loses it to idleness"
                self.fleet.condemn(replica, "idle")

    @rule(is_heard=st.sampled_from([True, True, False]))
    @inside
    def end(self, is_heard: bool) -> None:
        """The host has ended what drains, or couldn't be heard."""
        for replica in self.fleet:
            if replica.state is ReplicaState.DRAINING and is_heard:
                self.fleet.advance(replica, ReplicaState.STOPPED)

    def settle(self) -> None:
        """What the loops that watch the table do at once: drain what owes nothing, give out free memory in order."""
        for replica in self.fleet:
            if replica.is_condemned and replica.state is ReplicaState.READY and not replica.promises:
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
            if replica.state is ReplicaState.READY and not replica.is_condemned:
                waits = [one for one, turn in self.waits if turn is not None and not turn.done()]
                own = [one for one in waits if one.holder.model_id == replica.model_id]
                assert not own or replica.in_flight == replica.order.slots

    @invariant()
    def nobody_waits_on_a_replica_that_is_gone(self) -> None:
        there = set(self.fleet)
        for promise, turn in self.waits:
            assert promise.holder in there or (turn is not None and turn.done()) or promise.holder.came_up.done()

    @invariant()
    def states_never_leave_their_graph(self) -> None:
        last: dict[ReplicaId, ReplicaState] = {}
        for record in self.log:
            if record.replica_id in last:
                assert may_become(last[record.replica_id], record.state)
            last[record.replica_id] = record.state

    def _start(self, name: str) -> Replica | None:
        placement = place(SIZES[name], self.fleet.residents(), BUDGET_MIB)
        if placement is None:
            return None
        for replica_id in placement.evicts:
            evicted = self.fleet.get(replica_id)
            assert evicted is not None
            assert evicted.state not in (ReplicaState.DRAINING, *STARTING) or not evicted.is_condemned
            self.fleet.condemn(evicted, f"evicted for {name}")
        self.count += 1
        model = MODELS[name]
        order = StartOrder(ReplicaId(f"r{self.count}"), ModelId(name), "", "", 4096, model.slots, 1, 500)
        return self.fleet.open(order, model, SIZES[name])

    def _take_turns(self, replica: Replica) -> None:
        self.waits = [
            (promise, self.fleet.slot(promise) if promise.holder is replica and turn is None else turn)
            for promise, turn in self.waits
        ]

    def _lose(self, replica: Replica, error: Exception) -> None:
        self.fleet.lose(replica, error, str(error))
        for promise, turn in [wait for wait in self.waits if wait[0].holder is replica]:
            if turn is not None and turn.done():
                turn.cancelled() or turn.exception()
            self.waits.remove((promise, turn))
            self.fleet.finish(promise)

    def _taken_mib(self) -> int:
        return sum(replica.footprint_mib for replica in self.fleet if replica.is_admitted)

    def _is_open(self, replica: Replica) -> bool:
        usable = replica.state is ReplicaState.READY or replica.state in STARTING
        return usable and not replica.is_condemned


Machine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestFleet = Machine.TestCase
