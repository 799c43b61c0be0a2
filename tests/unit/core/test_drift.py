"""Telling a change of the world from chance."""

import random

from dispatcher.core.drift import ChangeDetector


def test_chance_alone_is_hardly_ever_taken_for_a_change() -> None:
    rng, detector = random.Random(3), ChangeDetector()
    assert sum(detector.saw(rng.gauss(0.0, 1.0)) for _ in range(10_000)) <= 3


def test_a_lasting_change_is_seen_within_a_few_outcomes_whichever_way() -> None:
    rng = random.Random(4)
    for shift in (2.5, -2.5):
        detector = ChangeDetector()
        seen = [detector.saw(rng.gauss(shift, 1.0)) for _ in range(12)]
        assert any(seen)


def test_one_outlier_is_no_change() -> None:
    detector = ChangeDetector()
    assert not detector.saw(1000.0)
    assert not any(detector.saw(0.0) for _ in range(100))
