"""How often a model may be asked."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.core.task import ModelId
from dispatcher.service.rate_limits import Place, RateLimits

MODEL = ModelId("cloud")


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> RateLimits:
    return RateLimits(clock)


def ask(limits: RateLimits) -> None:
    with limits.place(MODEL) as place:
        place.used()


def test_a_model_nobody_limited_may_always_be_asked(limits: RateLimits) -> None:
    ask(limits)
    assert limits.why_not(MODEL) is None
    limits.set_limit(MODEL, None)
    for _ in range(100):
        ask(limits)
    assert limits.why_not(MODEL) is None


def test_a_full_minute_opens_again_when_its_first_request_is_a_minute_old(limits: RateLimits, clock: Clock) -> None:
    limits.set_limit(MODEL, 2)
    ask(limits)
    clock.now_s += 20
    ask(limits)
    limited = limits.why_not(MODEL)
    assert limited is not None
    assert limited.again_in_s == pytest.approx(40)
    clock.now_s += 40
    assert limits.why_not(MODEL) is None


def test_what_was_chosen_counts_before_it_is_asked_and_no_more_when_it_gives_up(limits: RateLimits) -> None:
    limits.set_limit(MODEL, 1)
    with limits.place(MODEL):
        assert limits.why_not(MODEL) is not None
    assert limits.why_not(MODEL) is None
    with limits.place(MODEL) as place:
        place.used()
        place.used()
    assert limits.why_not(MODEL) is not None


def test_what_is_asked_in_several_requests_counts_as_so_many(limits: RateLimits) -> None:
    limits.set_limit(MODEL, 3)
    with limits.place(MODEL) as place:
        place.used()
        place.used_again()
    assert limits.why_not(MODEL) is None
    ask(limits)
    assert limits.why_not(MODEL) is not None


def test_a_model_that_is_left_out_comes_back_by_itself_or_when_its_entry_changes(
    limits: RateLimits, clock: Clock
) -> None:
    limits.leave_out(MODEL, 30, "its server answered 429")
    limits.leave_out(MODEL, 5, "again")
    limited = limits.why_not(MODEL)
    assert limited is not None
    assert limited.again_in_s == pytest.approx(30)
    assert limited.message.endswith("it is asked again in 30 s")
    clock.now_s += 30
    assert limits.why_not(MODEL) is None
    limits.leave_out(MODEL, 30, "because")
    limits.set_limit(MODEL, 5)
    assert limits.why_not(MODEL) is None
    limits.leave_out(MODEL, 30, "because")
    limits.forget(MODEL)
    assert limits.why_not(MODEL) is None


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**32))
def test_no_minute_ever_holds_more_requests_than_it_may(per_minute: int, seed: int) -> None:
    clock, rng = Clock(), random.Random(seed)
    limits = RateLimits(clock)
    limits.set_limit(MODEL, per_minute)
    held: list[tuple[object, Place]] = []
    asked_s: list[float] = []
    for _ in range(120):
        clock.now_s += rng.choice([0.0, 0.5, 7.0, 30.0])
        if rng.random() < 0.6 and limits.why_not(MODEL) is None:
            context = limits.place(MODEL)
            held.append((context, context.__enter__()))
        elif held:
            context, place = held.pop(rng.randrange(len(held)))
            if rng.random() < 0.7:
                place.used()
                asked_s.append(clock.now_s)
            context.__exit__(None, None, None)  # type: ignore[attr-defined]
    for index, begun_s in enumerate(asked_s):
        assert sum(begun_s <= other_s < begun_s + 60 for other_s in asked_s[index:]) <= per_minute
