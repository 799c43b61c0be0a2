"""Which model comes into memory next."""

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.replica import ReplicaId, ReplicaState, Resident
from dispatcher.core.scheduling import Load, Side, next_load
from dispatcher.core.task import ModelId
from dispatcher.core.waiting import Waiter
from tests.unit.core.builders import resident, side, waiter

BUDGET_MIB = 1000  # one of the two models of `side`
NOW_S = 100.0


def up(model: str, **changes: object) -> Resident:
    """A model in memory for long, that has nothing to do."""
    values = {"footprint_mib": 600, "up_s": 1000.0, "idle_s": 50.0, "reload_s": 10.0}
    return resident(f"of-{model}", model, **{**values, **changes})


def working(model: str, **changes: object) -> Resident:
    """A model in memory for long, in the middle of an answer."""
    values = {"in_flight": 1, "in_flight_s": 1.0, "drain_s": 1.0, "idle_s": 0.0}
    return up(model, **{**values, **changes})


def waiting(model: str, count: int, **changes: object) -> tuple[Waiter, ...]:
    """So many who came ten seconds ago."""
    values = {"arrived_s": NOW_S - 10, "deadline_s": NOW_S + 600.0}
    return tuple(waiter(ticket, model, **{**values, **changes}) for ticket in range(count))


def load(*sides: Side, residents: tuple[Resident, ...] = (), budget_mib: int = BUDGET_MIB) -> Load | None:
    """What is loaded now."""
    return next_load({one.model_id: one for one in sides}, residents, budget_mib, NOW_S)


def test_free_memory_is_used_at_once() -> None:
    assert load(side("a", *waiting("a", 1))) == Load(ModelId("a"), ())


def test_an_idle_model_makes_room() -> None:
    found = load(side("a", *waiting("a", 1)), side("b"), residents=(up("b"),))
    assert found == Load(ModelId("a"), (ReplicaId("of-b"),))


def test_a_queue_in_memory_is_served_to_its_end() -> None:
    wanted = side("a", *waiting("a", 5))
    assert load(wanted, side("b", *waiting("b", 5)), residents=(working("b", waiting=5),)) is None


def test_a_long_answer_does_not_keep_a_crowd_waiting() -> None:
    """Fifty short ones of one model wait for a few long ones of the other."""
    wanted = side("a", *waiting("a", 50, run_s=0.2), load_s=2.0)
    staying = side("b", *waiting("b", 2, run_s=60.0), load_s=2.0)
    assert load(wanted, staying, residents=(working("b", waiting=2),)) is not None


def test_a_burst_that_is_over_is_not_taken_for_a_queue_without_end() -> None:
    wanted = side("a", *waiting("a", 50, arrived_s=NOW_S - 80))
    last = side("b", *waiting("b", 1, arrived_s=NOW_S - 80), arrivals_per_s=0.4)
    refilling = side("b", *waiting("b", 1, arrived_s=NOW_S - 1), arrivals_per_s=0.4)
    assert load(wanted, last, residents=(working("b", waiting=1),)) is None
    assert load(wanted, refilling, residents=(working("b", waiting=1),)) is not None


def test_a_model_that_fell_idle_this_moment_is_kept_for_the_next_item_of_a_loop() -> None:
    idle = up("b", idle_s=0.2, up_s=5.0)
    wanted = side("a", *waiting("a", 1, arrived_s=NOW_S - 1))
    assert load(wanted, side("b", arrivals_per_s=0.3), residents=(idle,)) is None
    assert load(wanted, side("b", arrivals_per_s=0.3), residents=(replace(idle, idle_s=5.0),)) is not None


def test_a_loop_gives_way_once_others_have_waited_for_what_the_loads_cost() -> None:
    wanted = side("a", *waiting("a", 1, arrived_s=NOW_S - 60))
    loop = up("b", idle_s=0.2, up_s=60.0)
    assert load(wanted, side("b", arrivals_per_s=0.3), residents=(loop,)) is not None


def test_one_that_must_start_now_interrupts_a_queue_that_has_time() -> None:
    urgent = side("a", *waiting("a", 1, deadline_s=NOW_S + 16.0))
    patient = side("b", *waiting("b", 20))
    assert load(urgent, patient, residents=(working("b", waiting=20),)) is not None


def test_one_does_not_interrupt_when_more_would_be_late_for_it() -> None:
    urgent = side("a", *waiting("a", 1, deadline_s=NOW_S + 16.0))
    hurried = side("b", *waiting("b", 8, deadline_s=NOW_S + 20.0))
    assert load(urgent, hurried, residents=(working("b", waiting=8),)) is None


def test_one_that_is_lost_anyway_interrupts_nobody() -> None:
    hopeless = side("a", *waiting("a", 1, deadline_s=NOW_S + 5.0))
    assert load(hopeless, side("b", *waiting("b", 3)), residents=(working("b", waiting=3),)) is None


def test_a_load_that_somebody_waits_for_is_seen_through() -> None:
    coming = up("b", state=ReplicaState.LOADING, up_s=0.0, idle_s=0.0, ready_in_s=8.0, waiting=1)
    urgent = side("a", *waiting("a", 9, deadline_s=NOW_S + 30.0))
    assert load(urgent, side("b", *waiting("b", 1)), residents=(coming,)) is None


def test_a_model_that_someone_else_serves_needs_no_memory() -> None:
    remote = side("a", *waiting("a", 1), footprint_mib=0)
    assert load(remote, residents=(up("b", is_pinned=True),)) == Load(ModelId("a"), ())


models = st.sampled_from(["a", "b", "c", "d"])
queues = st.dictionaries(
    models,
    st.tuples(
        st.lists(
            st.tuples(st.floats(0, 90), st.floats(1, 400), st.floats(0.1, 60), st.integers(-100, 100)), max_size=6
        ),
        st.floats(0.5, 60),
        st.integers(100, 1200),
        st.floats(0, 1),
    ),
)
replicas = st.dictionaries(
    models,
    st.tuples(
        st.integers(100, 1200),
        st.sampled_from([ReplicaState.READY, ReplicaState.LOADING]),
        st.booleans(),
        st.floats(0, 100),
        st.floats(0, 30),
    ),
)


def sides_of(drawn: dict[str, tuple[list[tuple[float, float, float, int]], float, int, float]]) -> dict[ModelId, Side]:
    """Queues as they were drawn."""
    made = {}
    for number, (model, (callers, load_s, mib, arrivals_per_s)) in enumerate(drawn.items()):
        queue = [
            waiter(
                number * 100 + place,
                model,
                arrived_s=at_s,
                deadline_s=at_s + patience_s,
                run_s=run_s,
                priority=priority,
            )
            for place, (at_s, patience_s, run_s, priority) in enumerate(callers)
        ]
        changes = {"load_s": load_s, "footprint_mib": mib, "arrivals_per_s": arrivals_per_s}
        made[ModelId(model)] = side(model, *queue, **changes)
    return made


def residents_of(drawn: dict[str, tuple[int, ReplicaState, bool, float, float]]) -> list[Resident]:
    """Residents as they were drawn."""
    return [
        up(model, footprint_mib=mib, state=state, is_pinned=is_pinned, up_s=up_s, in_flight_s=busy_s, drain_s=busy_s)
        for model, (mib, state, is_pinned, up_s, busy_s) in drawn.items()
    ]


@given(queues, replicas)
def test_a_load_fits_evicts_nothing_pinned_and_is_for_someone(queue: dict, row: dict) -> None:  # type: ignore[type-arg]
    sides, residents = sides_of(queue), residents_of(row)
    found = next_load(sides, residents, BUDGET_MIB, NOW_S)
    if found is None:
        return
    assert sides[found.model_id].waiters
    staying = [one for one in residents if one.replica_id not in found.evicts]
    used_mib = sum(one.footprint_mib for one in staying) + sides[found.model_id].footprint_mib
    assert used_mib <= BUDGET_MIB
    assert not any(one.is_pinned for one in residents if one.replica_id in found.evicts)
    assert found.model_id not in {one.model_id for one in residents}


@given(queues, replicas, st.randoms(use_true_random=False))
def test_what_is_loaded_does_not_depend_on_any_order(
    queue: dict,  # type: ignore[type-arg]
    row: dict,  # type: ignore[type-arg]
    rng: random.Random,
) -> None:
    sides, residents = sides_of(queue), residents_of(row)
    mixed = {
        model_id: replace(one, waiters=tuple(rng.sample(one.waiters, len(one.waiters))))
        for model_id, one in sides.items()
    }
    mixed = dict(rng.sample(list(mixed.items()), len(mixed)))
    other = next_load(mixed, rng.sample(residents, len(residents)), BUDGET_MIB, NOW_S)
    found = next_load(sides, residents, BUDGET_MIB, NOW_S)
    assert (found and (found.model_id, set(found.evicts))) == (other and (other.model_id, set(other.evicts)))


@given(queues, replicas)
def test_planning_comes_to_an_end(queue: dict, row: dict) -> None:  # type: ignore[type-arg]
    """Whoever does what it says and asks again isn't kept busy at one moment: models don't push each other out."""
    sides, residents = sides_of(queue), residents_of(row)
    for _ in range(len(sides) + 1):
        found = next_load(sides, residents, BUDGET_MIB, NOW_S)
        if found is None:
            return
        residents = [replace(one, is_condemned=True) if one.replica_id in found.evicts else one for one in residents]
        new = side_resident(sides[found.model_id], len(residents))
        residents.append(new)
    raise AssertionError("it went on")


def side_resident(one: Side, number: int) -> Resident:
    """A model as it is right after it was started."""
    return resident(
        f"new-{number}",
        one.model_id,
        state=ReplicaState.CREATING,
        footprint_mib=one.footprint_mib,
        reload_s=one.load_s,
        ready_in_s=one.load_s,
        up_s=0.0,
        idle_s=0.0,
    )
