"""Replicas nobody uses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.idleness import IdleStep, idle_step, is_memory_wanted
from dispatcher.core.model import WeightsState
from dispatcher.core.replica import ReplicaState
from tests.unit.core.builders import big, candidate, resident, spec

OLD = {"idle_s": 100.0, "uses_per_s": 0.0001}


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, IdleStep.STOP),
        ({"idle_s": 99.0}, IdleStep.KEEP),
        ({"idle_s": 0.0, "in_flight": 1, "drain_s": 3.0}, IdleStep.KEEP),
        ({"drain_s": 3.0}, IdleStep.KEEP),
        ({"state": ReplicaState.LOADING}, IdleStep.KEEP),
        ({"is_condemned": True}, IdleStep.KEEP),
        ({"is_pinned": True}, IdleStep.KEEP),
        ({"is_paused": True}, IdleStep.STOP),
    ],
)
def test_only_ready_replicas_without_work_that_nobody_used_for_long_stop(
    changes: dict[str, object], step: IdleStep
) -> None:
    assert idle_step(resident("r", "a", **{**OLD, **changes}), 100, is_in_the_way=False) is step


def test_one_that_is_likely_to_be_wanted_soon_is_kept_while_its_memory_is_in_nobodys_way() -> None:
    often = resident("r", "a", idle_s=200.0, uses_per_s=0.01, reload_s=8.0)
    assert idle_step(often, 100, is_in_the_way=False) is IdleStep.KEEP
    assert idle_step(often, 100, is_in_the_way=True) is IdleStep.STOP


def test_one_that_burns_cpu_for_nothing_is_put_to_sleep() -> None:
    hot = resident("r", "a", idle_s=40.0, idle_cores=0.5)
    assert idle_step(hot, 100, is_in_the_way=False) is IdleStep.PAUSE
    assert idle_step(hot, 100, is_in_the_way=True) is IdleStep.KEEP, "memory that is wanted is given up, not frozen"


@pytest.mark.parametrize("change", [{"idle_cores": 0.01}, {"idle_s": 10.0}, {"is_paused": True}, {"uses_per_s": 50.0}])
def test_sleep_must_pay(change: dict[str, object]) -> None:
    values = {"idle_s": 40.0, "idle_cores": 0.5, **change}
    assert idle_step(resident("r", "a", **values), 100, is_in_the_way=False) is IdleStep.KEEP


@given(st.floats(0, 1e6), st.floats(0, 1), st.floats(0, 4), st.booleans())
def test_a_pinned_or_busy_one_is_always_kept(idle_s: float, rate: float, cores: float, is_in_the_way: bool) -> None:
    values = {"idle_s": idle_s, "uses_per_s": rate, "idle_cores": cores}
    for held in ({"is_pinned": True}, {"drain_s": 1.0}):
        assert idle_step(resident("r", "a", **values, **held), 60, is_in_the_way=is_in_the_way) is IdleStep.KEEP


def test_memory_is_wanted_when_another_model_would_have_to_evict() -> None:
    small, large = spec("small"), big("large")
    there = [resident("r", "small", footprint_mib=240)]
    candidates = [candidate(small), candidate(large)]
    assert not is_memory_wanted(candidates, there, 240 + large.footprint_mib)
    assert is_memory_wanted(candidates, there, 239 + large.footprint_mib)


def test_a_model_that_could_not_be_started_anyway_wants_no_memory() -> None:
    there = [resident("r", "small", footprint_mib=240)]
    large = big("large")
    for one in (
        candidate(large, weights=WeightsState.MISSING),
        candidate(large, quarantine="it failed"),
        candidate(large, unstartable="Docker is away"),
        candidate(big("large", is_enabled=False)),
        candidate(large, footprint_mib=5000),
    ):
        assert not is_memory_wanted([one], there, 1900)
