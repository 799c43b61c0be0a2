"""How long until a replica answers: told from what is seen, and left out where nothing is."""

import pytest

from dispatcher.core.record import LifecycleRecord
from dispatcher.core.replica import Fetching, ReplicaId, ReplicaState, StartOrder
from dispatcher.service.fleet import Fleet
from dispatcher.service.replica import Replica, ready_in_s
from tests.unit.core.builders import spec

MB = 1_000_000


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fleet(clock: Clock) -> Fleet:
    log: list[LifecycleRecord] = []
    return Fleet(clock, clock, log.append)


@pytest.fixture
async def replica(fleet: Fleet) -> Replica:
    model = spec(load_s=6.0)
    return fleet.open(StartOrder(ReplicaId("r"), model.id, "", "", 4096, 1, 1, 500), model, 200)


async def test_who_waits_for_memory_is_told_no_time(fleet: Fleet, replica: Replica, clock: Clock) -> None:
    assert ready_in_s(replica, clock()) is None
    fleet.admit(replica)
    assert ready_in_s(replica, clock()) == 6.0


async def test_a_load_that_takes_longer_than_thought_is_told_no_time(
    fleet: Fleet, replica: Replica, clock: Clock
) -> None:
    fleet.admit(replica)
    fleet.advance(replica, ReplicaState.LOADING)
    clock.now_s += 4.0
    assert ready_in_s(replica, clock()) == 2.0
    clock.now_s += 4.0
    assert ready_in_s(replica, clock()) is None


async def test_a_download_is_told_by_its_own_speed(fleet: Fleet, replica: Replica, clock: Clock) -> None:
    fleet.admit(replica)
    fleet.advance(replica, ReplicaState.PULLING)
    fleet.fetches(replica, Fetching("model", 100 * MB, 500 * MB))  # what was there before says nothing of the speed
    assert ready_in_s(replica, clock()) is None
    clock.now_s += 10.0
    fleet.fetches(replica, Fetching("model", 200 * MB, 500 * MB))
    assert ready_in_s(replica, clock()) == pytest.approx(30.0 + 6.0)
    fleet.fetches(replica, Fetching("model", 200 * MB, None))
    assert ready_in_s(replica, clock()) is None


async def test_choosing_always_has_a_number(fleet: Fleet, replica: Replica, clock: Clock) -> None:
    assert fleet.resident(replica).ready_in_s == 6.0
    clock.now_s += 60.0
    assert fleet.resident(replica).ready_in_s == 60.0
