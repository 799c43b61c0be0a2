"""A replica is quiet when all its slots are ours at the same time."""

import pytest

from dispatcher.service.quiet import Slots


@pytest.mark.parametrize("count", [1, 2, 5])
def test_slots_that_speak_at_the_same_time_are_ours(count: int) -> None:
    slots = Slots(count)
    for _ in range(2):
        assert not slots.are_ours.is_set()
        for slot in range(count):
            slots.spoke(slot)
    assert slots.are_ours.is_set()


def test_slots_that_speak_one_after_the_other_may_be_one_and_the_same() -> None:
    slots = Slots(2)
    for _ in range(10):
        for slot in (0, 1):
            slots.spoke(slot)
            slots.spoke(slot)
            slots.ended(slot)
    assert not slots.are_ours.is_set()


def test_a_slot_that_ended_since_must_speak_again() -> None:
    slots = Slots(2)
    slots.spoke(0)
    slots.spoke(1)
    slots.ended(0)
    slots.spoke(1)
    slots.spoke(1)
    assert not slots.are_ours.is_set()
    slots.spoke(0)
    slots.spoke(0)
    slots.spoke(1)
    assert slots.are_ours.is_set()
