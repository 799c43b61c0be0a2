"""Who gets the next free slot."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.core.record import LifecycleRecord
from dispatcher.core.replica import Endpoint, ReplicaId, ReplicaState, StartOrder
from dispatcher.core.waiting import Waiter
from dispatcher.errors import DispatcherError, ReplicaStartFailed, RuntimeUnreachable
from dispatcher.service.fleet import Fleet
from dispatcher.service.replica import Promise, Replica
from tests.unit.core.builders import spec

NOWHERE = Endpoint("http://127.0.0.1:9", "key")
MODEL = spec().id


class Bench:
    """A fleet with replicas of one model, and dispatches that wait for it."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.log: list[LifecycleRecord] = []
        self.fleet = Fleet(lambda: self.now_s, lambda: self.now_s, self.log.append)
        self.replicas: list[Replica] = []
        self.promises: list[Promise] = []

    def add(self, slots: int = 1, *, is_ready: bool = True) -> Replica:
        model = spec(slots=slots)
        name = ReplicaId(f"r{len(self.replicas)}")
        replica = self.fleet.open(StartOrder(name, model.id, "", "", 4096, slots, 1, 500), model, 200)
        self.replicas.append(replica)
        if is_ready:
            self.up(replica)
        return replica

    def up(self, replica: Replica) -> None:
        self.fleet.advance(replica, ReplicaState.LOADING)
        self.fleet.ready(replica, NOWHERE)

    def die(self, replica: Replica, error: DispatcherError | None = None) -> None:
        self.fleet.lose(replica, error or RuntimeUnreachable("it is gone"), "it is gone")
        self.fleet.advance(replica, ReplicaState.FAILED)

    def ask(self, share: str = "", priority: int = 0, timeout_s: float = 600.0, *, is_alone: bool = False) -> Promise:
        self.now_s += 0.001
        deadline_s = self.now_s + timeout_s
        waiter = Waiter(self.fleet.ticket(), MODEL, share, priority, self.now_s, deadline_s, 1.0, is_alone)
        self.promises.append(self.fleet.wait(waiter))
        return self.promises[-1]


def begun(*promises: Promise) -> list[bool]:
    return [promise.turn.done() for promise in promises]


async def test_of_equals_who_waits_longest_goes_first() -> None:
    bench = Bench()
    bench.add()
    first, second, third = (bench.ask() for _ in range(3))
    assert begun(first, second, third) == [True, False, False]
    bench.fleet.finish(first)
    assert begun(second, third) == [True, False]
    bench.fleet.finish(second)
    assert begun(third) == [True]


async def test_a_larger_priority_and_then_an_earlier_deadline_go_first() -> None:
    bench = Bench()
    bench.add()
    running, usual, soon, important = bench.ask(), bench.ask(), bench.ask(timeout_s=60), bench.ask(priority=50)
    bench.fleet.finish(running)
    assert begun(usual, soon, important) == [False, False, True]
    bench.fleet.finish(important)
    assert begun(usual, soon) == [False, True]


async def test_a_workflow_that_sends_much_does_not_hold_up_one_that_sends_little() -> None:
    bench = Bench()
    bench.add()
    running, *flood = [bench.ask("flood") for _ in range(10)]
    lone = bench.ask("lone")
    bench.fleet.finish(running)
    assert begun(lone, *flood) == [True, *[False] * 9]


async def test_a_second_replica_takes_those_who_wait_for_the_first() -> None:
    bench = Bench()
    home = bench.add()
    bench.ask()
    promise = bench.ask()
    other = bench.add()
    assert promise.holder is other
    assert (home.in_flight, other.in_flight, bench.fleet.waiting) == (1, 1, 0)


async def test_a_condemned_replica_serves_who_waited_before_and_nobody_else() -> None:
    bench = Bench()
    home = bench.add()
    running, before = bench.ask(), bench.ask()
    bench.fleet.condemn(home, "stopped by an admin")
    after = bench.ask()
    assert list(bench.fleet.stranded.values()) == [(after.waiter,)]
    bench.fleet.finish(running)
    assert before.holder is home
    bench.fleet.finish(before)
    assert bench.fleet.is_done(home)
    assert begun(after) == [False]


async def test_one_condemned_for_another_model_leaves_those_who_wait_in_line() -> None:
    bench = Bench()
    home = bench.add()
    running, waiting = bench.ask(), bench.ask()
    bench.fleet.condemn(home, "evicted", is_urgent=True)
    bench.fleet.finish(running)
    assert bench.fleet.is_done(home)
    assert list(bench.fleet.stranded.values()) == [(waiting.waiter,)]
    assert bench.add() is waiting.turn.result()


async def test_one_that_is_to_be_alone_waits_until_it_can_be_and_nobody_joins_it() -> None:
    bench = Bench()
    bench.add(slots=2)
    running, lone, other = bench.ask(), bench.ask(is_alone=True), bench.ask()
    assert begun(running, lone, other) == [True, False, False]
    bench.fleet.finish(running)
    assert begun(lone, other) == [True, False]
    bench.fleet.finish(lone)
    assert begun(other) == [True]


async def test_who_leaves_is_passed_over() -> None:
    bench = Bench()
    bench.add()
    first, leaver, last = bench.ask(), bench.ask(), bench.ask()
    bench.fleet.finish(leaver)
    bench.fleet.finish(first)
    assert begun(last) == [True]


async def test_those_who_wait_for_a_replica_that_dies_wait_for_another() -> None:
    bench = Bench()
    replica = bench.add()
    bench.ask()
    waiting = bench.ask()
    bench.die(replica)
    assert list(bench.fleet.stranded.values()) == [(waiting.waiter,)]
    assert bench.add() is waiting.turn.result()


async def test_those_who_wait_for_a_start_that_fails_are_told() -> None:
    bench = Bench()
    replica = bench.add(is_ready=False)
    waiting = bench.ask()
    bench.die(replica, ReplicaStartFailed("it couldn't be started"))
    assert isinstance(waiting.turn.exception(), ReplicaStartFailed)
    bench.fleet.finish(waiting)
    assert bench.fleet.promised == 0


VERBS = ("ask", "finish", "leave", "add", "condemn", "kill", "fault", "answer", "slow", "quick")
steps = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 50)))


@given(steps)
@settings(max_examples=200, deadline=None)
def test_whatever_happens_slots_are_never_overfull_and_nobody_waits_beside_a_free_one(
    plan: list[tuple[str, int]],
) -> None:
    async def run() -> None:
        bench = Bench()
        bench.add(slots=2)
        for verb, number in plan:
            _step(bench, verb, number)
            for replica in bench.fleet:
                assert 0 <= replica.in_flight <= replica.order.slots
                free = replica.is_trusted and replica.in_flight < replica.slots
                assert not (free and bench.fleet.waiting)
            assert bench.fleet.promised == len(bench.promises)

    asyncio.run(run())


def _step(bench: Bench, verb: str, number: int) -> None:
    alive = list(bench.fleet)
    if verb == "add" and len(alive) < 4:
        bench.add(slots=1 + number % 3)
    elif verb == "condemn" and alive:
        bench.fleet.condemn(alive[number % len(alive)], "evicted", is_urgent=number % 2 == 0)
    elif verb == "kill" and alive:
        chosen = alive[number % len(alive)]
        bench.die(chosen)
        for promise in chosen.promises.copy():
            bench.promises.remove(promise)
            bench.fleet.finish(promise)
    elif verb in ("slow", "quick") and alive:
        for _ in range(3):
            chosen = alive[number % len(alive)]
            bench.fleet.measured(chosen, 50.0 if verb == "slow" else 1.0, max(1, chosen.in_flight))
    elif verb in ("fault", "answer") and alive:
        for _ in range(3):
            (bench.fleet.failed if verb == "fault" else bench.fleet.answered)(alive[number % len(alive)])
    elif verb == "ask":
        bench.ask(share=f"w{number % 3}", priority=number - 25)
    elif verb in ("finish", "leave") and bench.promises:
        promise = bench.promises[number % len(bench.promises)]
        if promise.turn.done() or verb == "leave":
            bench.promises.remove(promise)
            bench.fleet.finish(promise)
