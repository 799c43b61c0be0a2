"""How many replicas a model should have."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.scaling import Demand, one_more_pays, wanted_replicas

demands = st.builds(
    Demand,
    arrivals_per_s=st.floats(0, 10),
    burst_per_s=st.floats(0, 50),
    service_s=st.floats(0.01, 60),
    waiting=st.integers(0, 300),
    slots=st.integers(1, 8),
    replicas=st.integers(1, 6),
    load_s=st.floats(0.1, 120),
)
calm = Demand(arrivals_per_s=0.1, burst_per_s=0.1, service_s=2.0, waiting=0, slots=1, replicas=1, load_s=5.0)


def test_little_work_needs_one_replica() -> None:
    assert wanted_replicas(calm) == 1


def test_work_that_would_fill_a_slot_entirely_needs_two() -> None:
    assert wanted_replicas(replace(calm, arrivals_per_s=0.5)) == 2


def test_more_slots_need_fewer_replicas() -> None:
    assert wanted_replicas(replace(calm, arrivals_per_s=2.0)) == 6
    assert wanted_replicas(replace(calm, arrivals_per_s=2.0, slots=4)) == 2


def test_a_small_burst_is_waited_out_and_a_great_one_is_believed() -> None:
    assert wanted_replicas(replace(calm, burst_per_s=0.5, replicas=2)) == 1
    assert wanted_replicas(replace(calm, burst_per_s=5.0)) == 15


def test_one_more_pays_only_when_those_who_wait_gain_more_than_the_load_takes() -> None:
    assert not one_more_pays(calm)
    assert not one_more_pays(replace(calm, waiting=4))
    assert one_more_pays(replace(calm, waiting=11))
    assert not one_more_pays(replace(calm, waiting=11, load_s=30.0))


@given(demands, st.floats(1, 5))
def test_more_work_never_needs_fewer(demand: Demand, factor: float) -> None:
    more = replace(demand, arrivals_per_s=demand.arrivals_per_s * factor, burst_per_s=demand.burst_per_s * factor)
    assert wanted_replicas(more) >= wanted_replicas(demand) >= 1


@given(demands)
def test_each_further_replica_pays_less(demand: Demand) -> None:
    if not one_more_pays(demand):
        assert not one_more_pays(replace(demand, replicas=demand.replicas + 1))
