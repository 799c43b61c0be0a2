"""Promises of P90 that are kept nine times in ten, whatever the forecast is worth."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.conformal import Conformal
from dispatcher.core.decision import Seconds

_RAW = Seconds(1.0, 1.5)


def _played(conformal: Conformal, rng: random.Random, *, shift: float, sd: float, outcomes: int) -> float:
    """The share of promises kept over so many outcomes."""
    kept = 0
    for _ in range(outcomes):
        actual_s = rng.lognormvariate(shift, sd)
        kept += actual_s <= conformal.corrected("m", _RAW).p90
        conformal.learn("m", _RAW, actual_s)
    return kept / outcomes


def test_a_model_without_history_is_forecast_as_it_was() -> None:
    assert Conformal().corrected("m", _RAW) == _RAW
    assert Conformal().promises("m").share is None


@pytest.mark.parametrize(("shift", "sd"), [(0.0, 0.1), (0.0, 0.8), (0.7, 0.3), (-1.0, 0.3)])
def test_promises_are_kept_nine_times_in_ten_however_wrong_the_forecast(shift: float, sd: float) -> None:
    conformal, rng = Conformal(), random.Random(8)
    _played(conformal, rng, shift=shift, sd=sd, outcomes=500)
    assert _played(conformal, rng, shift=shift, sd=sd, outcomes=1000) == pytest.approx(0.9, abs=0.02)


def test_the_median_becomes_a_median() -> None:
    conformal, rng = Conformal(), random.Random(9)
    _played(conformal, rng, shift=0.3, sd=0.3, outcomes=800)
    assert conformal.corrected("m", _RAW).p50 == pytest.approx(1.35, rel=0.1)


def test_promises_are_kept_again_soon_after_everything_takes_twice_as_long() -> None:
    conformal, rng = Conformal(), random.Random(10)
    _played(conformal, rng, shift=0.0, sd=0.25, outcomes=1000)
    _played(conformal, rng, shift=0.7, sd=0.25, outcomes=200)
    assert _played(conformal, rng, shift=0.7, sd=0.25, outcomes=500) == pytest.approx(0.9, abs=0.02)


def test_the_published_share_is_of_what_was_promised() -> None:
    conformal = Conformal()
    for actual_s in (1.0, 2.0, 3.0, 4.0):
        conformal.learn("m", _RAW, actual_s, promised_p90_s=2.5)
    assert (conformal.promises("m").kept, conformal.promises("m").made) == (2, 4)
    assert conformal.promises("m").share == 0.5


def test_a_reset_starts_from_the_forecast_again() -> None:
    conformal = Conformal()
    conformal.learn("m", _RAW, 9.0)
    conformal.reset("m")
    assert conformal.corrected("m", _RAW) == _RAW


def test_the_models_not_seen_for_longest_are_forgotten() -> None:
    conformal = Conformal(models_max=3)
    for index in range(9):
        conformal.learn(f"m{index}", _RAW, 1.0)
    assert conformal.promises("m8").made == 1
    assert conformal.promises("m2").made == 0


@given(st.lists(st.floats(1e-6, 1e6), max_size=50), st.floats(0.0, 100.0), st.floats(1.0, 20.0))
def test_whatever_comes_p90_stays_above_p50_and_finite(actual: list[float], p50: float, ratio: float) -> None:
    conformal, raw = Conformal(), Seconds(p50, p50 * ratio)
    for actual_s in actual:
        conformal.learn("m", raw, actual_s)
    corrected = conformal.corrected("m", raw)
    assert 0.0 <= corrected.p50 <= corrected.p90 < 1e100
