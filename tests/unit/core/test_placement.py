"""Where memory for a replica comes from."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.placement import place, regret
from dispatcher.core.replica import Resident
from tests.unit.core.builders import resident

residents = st.lists(
    st.builds(
        lambda mib, drain_s, reload_s, uses_per_s, is_condemned: (mib, drain_s, reload_s, uses_per_s, is_condemned),
        st.integers(1, 2000),
        st.sampled_from([0.0, 0.0, 3.0, 40.0]),
        st.floats(0.1, 60),
        st.floats(0, 0.5),
        st.booleans(),
    ),
    max_size=7,
).map(
    lambda rows: [
        resident(
            f"r{index}",
            f"m{index}",
            footprint_mib=mib,
            drain_s=drain_s,
            reload_s=reload_s,
            uses_per_s=uses,
            is_condemned=condemned,
        )
        for index, (mib, drain_s, reload_s, uses, condemned) in enumerate(rows)
    ]
)


def test_free_memory_is_taken_without_evicting_anyone() -> None:
    placement = place(500, [resident("a", "m", footprint_mib=400)], 1000)
    assert placement is not None
    assert (placement.evicts, placement.wait_s, placement.regret_s) == ((), 0.0, 0.0)


def test_the_one_that_is_cheapest_to_bring_back_goes() -> None:
    rare = resident("rare", "a", footprint_mib=500, uses_per_s=0.0001, reload_s=5)
    often = resident("often", "b", footprint_mib=500, uses_per_s=0.1, reload_s=5)
    placement = place(500, [often, rare], 1000)
    assert placement is not None
    assert placement.evicts == ("rare",)


def test_one_that_has_just_come_up_stays_before_one_that_has_earned_its_load() -> None:
    young = resident("young", "a", footprint_mib=500, uses_per_s=0.001, reload_s=5, up_s=2)
    old = resident("old", "b", footprint_mib=500, uses_per_s=0.002, reload_s=5, up_s=60)
    placement = place(500, [young, old], 1000)
    assert placement is not None
    assert placement.evicts == ("old",)


def test_an_idle_replica_goes_before_a_busy_one() -> None:
    busy = resident("busy", "a", footprint_mib=500, uses_per_s=0.0, in_flight=1, drain_s=30)
    idle = resident("idle", "b", footprint_mib=500, uses_per_s=0.05, reload_s=5)
    placement = place(500, [busy, idle], 1000)
    assert placement is not None
    assert placement.evicts == ("idle",)


def test_a_busy_replica_is_waited_for_when_nothing_else_would_do() -> None:
    busy = resident("busy", "a", footprint_mib=900, in_flight=1, drain_s=30)
    placement = place(500, [busy], 1000)
    assert placement is not None
    assert (placement.evicts, placement.wait_s) == (("busy",), 30)


def test_memory_that_is_being_given_up_is_waited_for_not_freed_again() -> None:
    leaving = resident("leaving", "a", footprint_mib=900, is_condemned=True, drain_s=4)
    placement = place(500, [leaving], 1000)
    assert placement is not None
    assert (placement.evicts, placement.wait_s) == ((), 4)


def test_more_than_the_budget_never_fits() -> None:
    assert place(1001, [], 1000) is None


@given(st.integers(1, 3000), residents, st.integers(1, 4000))
def test_evictions_free_enough_or_it_is_refused(wanted_mib: int, there: list[Resident], budget_mib: int) -> None:
    placement = place(wanted_mib, there, budget_mib)
    if placement is None:
        assert wanted_mib > budget_mib
        return
    left = [one for one in there if not one.is_condemned and one.replica_id not in placement.evicts]
    assert sum(one.footprint_mib for one in left) + wanted_mib <= budget_mib
    assert not {one.replica_id for one in there if one.is_condemned} & set(placement.evicts)


@given(st.integers(1, 3000), residents, st.integers(1, 4000))
def test_no_other_set_would_be_cheaper(wanted_mib: int, there: list[Resident], budget_mib: int) -> None:
    placement = place(wanted_mib, there, budget_mib)
    if placement is None or not placement.evicts:
        return
    staying = [one for one in there if not one.is_condemned]
    missing_mib = sum(one.footprint_mib for one in staying) + wanted_mib - budget_mib
    least = min(
        max([0.0, *(one.busy_s for one in chosen)]) + sum(regret(one) for one in chosen)
        for count in range(1, len(staying) + 1)
        for chosen in combinations(staying, count)
        if sum(one.footprint_mib for one in chosen) >= missing_mib
    )
    if not any(one.is_condemned for one in there):
        assert placement.wait_s + placement.regret_s == pytest.approx(least)


@given(st.integers(1, 3000), residents, st.integers(1, 4000))
def test_nobody_is_evicted_in_vain(wanted_mib: int, there: list[Resident], budget_mib: int) -> None:
    placement = place(wanted_mib, there, budget_mib)
    for spared in placement.evicts if placement else ():
        left = [one for one in there if not one.is_condemned and one.replica_id not in placement.evicts]
        spared_mib = next(one.footprint_mib for one in there if one.replica_id == spared)
        cost = regret(next(one for one in there if one.replica_id == spared))
        fits_without = sum(one.footprint_mib for one in left) + spared_mib + wanted_mib <= budget_mib
        assert not (fits_without and cost > 1e-9), "less than that vanishes in the sum"


@given(residents)
def test_more_than_a_dozen_residents_are_handled_too(there: list[Resident]) -> None:
    crowd = [resident(f"x{index}", f"x{index}", footprint_mib=100) for index in range(20)]
    placement = place(500, [*there, *crowd], 4000)
    assert placement is not None
