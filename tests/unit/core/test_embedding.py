"""Vectors cut short, and which models are made for that."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.embedding import may_be_shortened, shortened

NUMBERS = st.floats(-1e3, 1e3, allow_nan=False)


@given(st.lists(NUMBERS, min_size=1, max_size=40), st.integers(1, 40))
def test_a_shortened_vector_points_the_same_way_and_has_length_one(numbers: list[float], dimensions: int) -> None:
    short = shortened(tuple(numbers), dimensions)
    assert len(short) == min(dimensions, len(numbers))
    if any(abs(number) > 1e-6 for number in numbers[:dimensions]):
        assert math.hypot(*short) == pytest.approx(1.0)


def test_a_vector_of_nothing_stays_one() -> None:
    assert shortened((0.0, 0.0, 1.0), 2) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("name", "is_made_for_it"),
    [
        ("ollama:nomic-embed-text:latest", True),
        ("ollama:embeddinggemma:300m", True),
        ("ollama:Qwen3-Embedding:0.6b", True),
        ("text-embedding-3-small", True),
        ("all-minilm-l6-v2", False),
        ("ollama:bge-m3:latest", False),
        ("text-embedding-ada-002", False),
    ],
)
def test_families_made_for_it_are_known_by_name(name: str, is_made_for_it: bool) -> None:
    assert may_be_shortened(name) is is_made_for_it
