"""Who gets the next free slot."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.core.record import LifecycleRecord
from dispatcher.core.replica import Endpoint, ReplicaId, ReplicaState, StartOrder
from dispatcher.errors import RuntimeUnreachable
from dispatcher.service.fleet import Fleet
from dispatcher.service.replica import Promise, Replica
from tests.unit.core.builders import spec

NOWHERE = Endpoint("http://127.0.0.1:9", "key")


class Bench:
    """A fleet with replicas of one model, and dispatches that wait for them."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.log: list[LifecycleRecord] = []
        self.fleet = Fleet(lambda: self.now_s, lambda: self.now_s, self.log.append)
        self.replicas: list[Replica] = []
        self.turns: list[tuple[Promise, asyncio.Future[Replica]]] = []

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

    def die(self, replica: Replica) -> None:
        self.fleet.lose(replica, RuntimeUnreachable("it is gone"), "it is gone")
        self.fleet.advance(replica, ReplicaState.FAILED)

    def ask(self, replica: Replica) -> tuple[Promise, asyncio.Future[Replica]]:
        promise = self.fleet.promise(replica, 1.0)
        self.turns.append((promise, self.fleet.slot(promise)))
        return self.turns[-1]


async def test_who_waits_longest_goes_first() -> None:
    bench = Bench()
    replica = bench.add()
    (first, one), (second, two), (_, three) = (bench.ask(replica) for _ in range(3))
    assert (one.done(), two.done(), three.done()) == (True, False, False)
    bench.fleet.finish(first)
    assert (two.done(), three.done()) == (True, False)
    bench.fleet.finish(second)
    assert three.done()


async def test_a_second_replica_takes_over_those_who_wait_for_the_first() -> None:
    bench = Bench()
    home = bench.add()
    bench.ask(home)
    promise, turn = bench.ask(home)
    other = bench.add()
    assert turn.result() is other
    assert promise.holder is other
    assert (home.in_flight, other.in_flight, home.waiting) == (1, 1, 0)


async def test_a_condemned_replica_keeps_its_own_promises_and_takes_no_others() -> None:
    bench = Bench()
    home, other = bench.add(), bench.add(is_ready=False)
    begun, _ = bench.ask(home)
    own, own_turn = bench.ask(home)
    bench.fleet.condemn(home, "evicted")
    _, others_turn = bench.ask(other)
    bench.fleet.finish(begun)
    assert own_turn.result() is home
    assert not others_turn.done()
    bench.fleet.finish(own)
    bench.up(other)
    assert others_turn.result() is other


async def test_who_leaves_is_passed_over() -> None:
    bench = Bench()
    replica = bench.add()
    first, _ = bench.ask(replica)
    leaver, leaving = bench.ask(replica)
    _, last = bench.ask(replica)
    leaving.cancel()
    bench.fleet.finish(leaver)
    bench.fleet.finish(first)
    assert last.done()


async def test_those_whose_replica_dies_are_told() -> None:
    bench = Bench()
    replica = bench.add()
    bench.ask(replica)
    _, turn = bench.ask(replica)
    bench.die(replica)
    assert isinstance(turn.exception(), RuntimeUnreachable)


steps = st.lists(st.tuples(st.sampled_from(["ask", "finish", "leave", "add", "condemn", "kill"]), st.integers(0, 50)))


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
                free = not replica.is_condemned and replica.in_flight < replica.order.slots
                assert not (free and any(not turn.done() for _, turn in bench.turns))
        for _, turn in bench.turns:
            turn.cancelled() or (turn.done() and turn.exception())

    asyncio.run(run())


def _step(bench: Bench, verb: str, number: int) -> None:
    alive = list(bench.fleet)
    if verb == "add" and len(alive) < 4:
        bench.add(slots=1 + number % 3)
    elif verb in ("condemn", "kill") and alive:
        chosen = alive[number % len(alive)]
        if verb == "condemn":
            bench.fleet.condemn(chosen, "evicted")
        else:
            bench.die(chosen)
            bench.turns = [(promise, turn) for promise, turn in bench.turns if promise.holder is not chosen]
    elif verb == "ask" and (open_ones := [replica for replica in alive if not replica.is_condemned]):
        bench.ask(open_ones[number % len(open_ones)])
    elif verb in ("finish", "leave") and bench.turns:
        promise, turn = bench.turns.pop(number % len(bench.turns))
        if verb == "leave" and not turn.done():
            turn.cancel()
        if turn.done():
            bench.fleet.finish(promise)
        else:
            bench.turns.append((promise, turn))
