"""What would happen: the simulated machine, and how each way of scheduling does on it."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.core.eligibility import Candidate
from dispatcher.core.model import Footprint, Speed
from dispatcher.core.simulation.collated import Collated
from dispatcher.core.simulation.fifo import Fifo
from dispatcher.core.simulation.ours import Ours
from dispatcher.core.simulation.policy import Policy
from dispatcher.core.simulation.result import Result
from dispatcher.core.simulation.run import simulate
from dispatcher.core.simulation.workload import Call, Workload
from dispatcher.core.task import ModelId
from tests.unit.core.builders import candidate, spec

A, B = ModelId("a"), ModelId("b")
BUDGET_MIB = 1000


def model(name: str, **changes: object) -> Candidate:
    """Ten seconds to load, a token each second, and most of the memory: two don't fit together."""
    values = {"load_s": 10.0, "speed": Speed(1e9, 1.0), "footprint": Footprint(600, 0, 0.0)}
    return candidate(spec(name, **{**values, **changes}))


def call(number: int, asks: ModelId | None = A, **changes: object) -> Call:
    """Two tokens, so two seconds; comes in the order of the numbers, a tenth of a second apart."""
    values = {"arrives_s": number / 10, "timeout_s": 600.0, "prompt_tokens": 1, "max_tokens": 2, "model": asks}
    return Call(number, **{**values, **changes})  # type: ignore[arg-type]


def run(policy: Policy, *calls: Call, models: tuple[Candidate, ...] = (model("a"), model("b"))) -> Result:
    """The calls on the machine of these tests."""
    return simulate(Workload(models, calls, BUDGET_MIB), policy)


@pytest.mark.parametrize("policy", [Ours, Fifo, Collated])
def test_one_call_takes_its_load_and_its_run(policy: type[Ours]) -> None:
    found = run(policy(), call(0))
    assert (found.answered, found.loads, found.swaps) == (1, 1, 0)
    assert found.p50_s == pytest.approx(12.0, abs=0.1)
    assert found.gb_s == pytest.approx(12.0 * 600 / 1024, rel=0.02)


def test_an_answer_takes_as_long_as_its_luck_will_have_it() -> None:
    assert run(Fifo(), call(0, luck=3.0)).p50_s == pytest.approx(10.0 + 3 * 2.02)


def test_a_loop_sends_the_next_item_when_the_last_is_answered() -> None:
    found = run(Fifo(), call(0), call(1, follows=0, arrives_s=1.0), call(2, follows=1, arrives_s=1.0))
    assert found.lasted_s == pytest.approx(10.0 + 3 * 2.02 + 2 * 1.0)


def test_an_answer_that_is_not_there_at_the_deadline_is_cut() -> None:
    found = run(Fifo(), call(0, timeout_s=11.0))
    assert (found.answered, found.starved, found.p50_s, found.lasted_s) == (0, 0, 11.0, 11.0)


def interleaved(count: int = 10) -> list[Call]:
    """Calls of two models in turn."""
    return [call(number, (A, B)[number % 2]) for number in range(count)]


def test_fifo_swaps_at_every_call_that_asks_for_the_other_model() -> None:
    found = run(Fifo(), *interleaved())
    assert (found.answered, found.swaps) == (10, 9)


def test_collated_fifo_serves_all_of_a_model_before_the_next() -> None:
    assert run(Collated(), *interleaved()).swaps == 1


def test_ours_serves_all_of_a_model_before_the_next() -> None:
    found = run(Ours(), *interleaved())
    assert (found.answered, found.swaps) == (10, 1)


def test_two_loops_take_turns_that_are_longer_than_the_loads_they_cost() -> None:
    loops = [
        call(number, (A, B)[number % 2], arrives_s=0.3, follows=number - 2 if number > 1 else None)
        for number in range(40)
    ]
    ours, fifo = run(Ours(), *loops), run(Fifo(), *loops)
    assert fifo.swaps == 39
    assert ours.swaps <= 8
    assert (ours.answered, ours.starved) == (40, 0)


def test_a_steady_stream_does_not_starve_a_rare_call_as_it_does_in_collated_fifo() -> None:
    stream = [call(number, A, arrives_s=number * 1.9) for number in range(100)]
    rare = call(100, B, arrives_s=20.0, timeout_s=60.0, workflow="rare")
    assert run(Collated(), *stream, rare).starved == 1
    found = run(Ours(), *stream, rare)
    assert (found.answered, found.starved) == (101, 0)


def test_what_cannot_be_in_time_is_refused_at_once() -> None:
    found = run(Ours(), call(0, timeout_s=5.0))
    assert (found.refused, found.loads, found.lasted_s) == (1, 0, 0.0)
    assert found.mean_s == 5.0  # no answer counts with all the time there was


def test_an_idle_model_goes_after_a_while() -> None:
    later = call(1, A, arrives_s=2000.0)
    assert run(Fifo(), call(0, B), later).swaps == 0
    assert run(Ours(), call(0, B), later).swaps == 0


def test_always_one_model_answers_whatever_is_asked_for() -> None:
    found = run(Fifo(always=B), *interleaved())
    assert {span.model_id for span in found.spans} == {B}
    assert (found.policy, found.answered, found.swaps) == ("always b", 10, 0)


def test_a_model_that_is_too_large_refuses() -> None:
    huge = model("b", footprint=Footprint(5000, 0, 0.0))
    assert run(Fifo(always=B), call(0), models=(model("a"), huge)).refused == 1


def test_a_pinned_model_stays() -> None:
    pinned = model("a", is_pinned=True)
    found = run(Ours(), call(0, A), call(1, B, timeout_s=60.0), models=(pinned, model("b")))
    assert {span.model_id for span in found.spans} == {A}


calls = st.lists(
    st.tuples(
        st.sampled_from([A, B, ModelId("c"), None]),
        st.floats(0, 60),
        st.floats(1, 300),
        st.integers(1, 20),
        st.integers(-20, 20),
        st.floats(0.5, 2.0),
        st.booleans(),
    ),
    max_size=14,
).map(
    lambda rows: [
        call(
            number,
            asks,
            arrives_s=at_s,
            timeout_s=timeout_s,
            max_tokens=tokens,
            priority=priority,
            luck=luck,
            follows=number - 1 if is_next and number else None,
            workflow=f"w{number % 3}",
        )
        for number, (asks, at_s, timeout_s, tokens, priority, luck, is_next) in enumerate(rows)
    ]
)


@settings(max_examples=40, deadline=None)
@given(calls, st.sampled_from([Ours, Fifo, Collated]))
def test_every_call_ends_once_and_memory_is_never_lent_twice(asked: list[Call], policy: type[Ours]) -> None:
    three = (model("a"), model("b", slots=2), model("c", footprint=Footprint(300, 0, 0.0)))
    found = run(policy(), *asked, models=three)
    assert found.calls == len(asked)
    assert found.answered + found.refused <= found.calls
    assert found.longest_wait_s <= max((one.timeout_s for one in asked), default=0.0) + 1e-6
    sizes = {one.spec.id: one.footprint_mib for one in three}
    for moment in {span.from_s for span in found.spans}:
        held = [span for span in found.spans if span.from_s <= moment < span.until_s]
        assert sum(sizes[span.model_id] for span in held) <= BUDGET_MIB


@settings(max_examples=25, deadline=None)
@given(calls)
def test_the_same_calls_give_the_same_result(asked: list[Call]) -> None:
    assert run(Ours(), *asked) == run(Ours(), *asked)


@settings(max_examples=25, deadline=None)
@given(calls)
def test_nobody_starves_who_has_the_time_that_all_the_work_takes(asked: list[Call]) -> None:
    """Bounded waiting: with a deadline behind all the work and a load for each call, everybody is answered."""
    enough_s = sum(11.0 + one.max_tokens * 2.1 for one in asked) * 3 + 100.0
    patient = [replace(one, timeout_s=enough_s, model=one.model and (A, B)[one.number % 2]) for one in asked]
    found = run(Ours(), *patient)
    assert (found.answered, found.starved) == (len(asked), 0)
    assert not math.isnan(found.mean_s)
