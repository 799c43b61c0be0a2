"""Replicas nobody uses."""

from dispatcher.core.idleness import too_long_idle
from dispatcher.core.replica import ReplicaState
from tests.unit.core.builders import resident


def test_only_ready_replicas_without_work_that_nobody_used_for_long_are_named() -> None:
    there = [
        resident("old", "a", idle_s=100),
        resident("young", "b", idle_s=99),
        resident("busy", "c", idle_s=0, in_flight=1, drain_s=3),
        resident("promised", "d", idle_s=100, drain_s=3),
        resident("loading", "e", idle_s=100, state=ReplicaState.LOADING),
        resident("going", "f", idle_s=100, is_condemned=True),
    ]
    assert too_long_idle(there, 100) == ("old",)
