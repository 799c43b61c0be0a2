"""Models that failed to start."""

from dispatcher.core.task import ModelId
from dispatcher.service.quarantine import Quarantine

MODEL = ModelId("m")


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_each_failure_doubles_the_wait_and_the_fifth_is_the_last() -> None:
    clock = Clock()
    quarantine = Quarantine(clock)
    waits = []
    for _ in range(4):
        quarantine.failed(MODEL, "it broke")
        begun_s = clock.now_s
        while quarantine.why_not(MODEL):
            clock.now_s += 1
        waits.append(clock.now_s - begun_s)
    assert waits == [10, 20, 40, 80]
    quarantine.failed(MODEL, "it broke")
    clock.now_s += 1e9
    told = quarantine.why_not(MODEL)
    assert told is not None
    assert "ai-dispatch models start m" in told
    quarantine.came_up(MODEL)
    assert quarantine.why_not(MODEL) is None


def test_the_reason_and_the_wait_are_told() -> None:
    quarantine = Quarantine(Clock())
    quarantine.failed(MODEL, "it broke")
    told = quarantine.why_not(MODEL)
    assert told is not None
    assert "it broke" in told
    assert "10 s" in told


def test_a_good_start_ends_it_and_others_are_not_concerned() -> None:
    quarantine = Quarantine(Clock())
    quarantine.failed(MODEL, "it broke")
    assert quarantine.why_not(ModelId("other")) is None
    quarantine.came_up(MODEL)
    assert quarantine.why_not(MODEL) is None
