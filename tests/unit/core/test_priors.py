"""What is expected of a model of which only the size is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.priors import footprint_of, load_s_of, quality_of, speed_of
from dispatcher.core.task import Complexity, TaskType
from dispatcher.weights.catalogue import load_catalogue
from tests.unit.core.builders import STEPS

sizes = st.floats(0.05, 500)


@given(sizes, sizes)
def test_a_larger_model_is_slower_larger_and_no_worse(one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert speed_of(large).decode_tps <= speed_of(small).decode_tps
    assert footprint_of(large).total_mib(4096, 1) >= footprint_of(small).total_mib(4096, 1)
    assert load_s_of(footprint_of(large)) >= load_s_of(footprint_of(small))
    for step in STEPS:
        assert quality_of(large).of(TaskType.CHAT, step) >= quality_of(small).of(TaskType.CHAT, step)


@given(sizes)
def test_quality_is_a_share_and_falls_with_complexity(size: float) -> None:
    rates = [quality_of(size).of(TaskType.REASONING, step) for step in STEPS]
    assert rates == sorted(rates, reverse=True)
    assert all(0 < rate < 1 for rate in rates)


@pytest.mark.parametrize(
    "entry", [entry for entry in load_catalogue() if not entry.spec.only_embeds], ids=lambda entry: entry.spec.id
)
def test_the_measured_models_are_near_what_their_size_alone_would_say(entry: object) -> None:
    spec = entry.spec  # type: ignore[attr-defined]
    guess = footprint_of(spec.parameters_b, spec.footprint.weights_mib).total_mib(spec.context_tokens, 1)
    assert 0.5 < guess / spec.footprint_mib < 2.5
    assert 0.3 < speed_of(spec.parameters_b).decode_tps / spec.speed.decode_tps < 3
    said = quality_of(spec.parameters_b).of(TaskType.QUESTION_ANSWERING, Complexity.HIGH)
    assert abs(said - spec.quality.of(TaskType.QUESTION_ANSWERING, Complexity.HIGH)) < 0.2
