"""Prompts as vectors."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dispatcher.learning.lsa import fit_text_encoder
from dispatcher.learning.text import TextEncoder
from dispatcher.learning.words import BUCKET_BITS, buckets_of
from tests.unit.learning.requests_made_up import prompts

_PROMPTS, _TOPICS = prompts(200, 0)
_ENCODER = fit_text_encoder(_PROMPTS, 6, 1)


def test_prompts_on_one_topic_lie_close_together() -> None:
    places = np.array([_ENCODER.encode(one) for one in _PROMPTS])
    near = places @ places.T
    same = _TOPICS[:, None] == _TOPICS
    assert near[same].mean() > near[~same].mean() + 0.5


@given(st.text(max_size=2000))
def test_any_text_has_a_place_on_the_unit_sphere_or_none(sample: str) -> None:
    place = _ENCODER.encode(sample)
    assert place.shape == (6,)
    length = float(np.linalg.norm(place))
    assert length == pytest.approx(1, abs=1e-4) or length == 0


@given(st.text(max_size=300))
def test_buckets_are_distinct_and_in_order(sample: str) -> None:
    found = buckets_of(sample)
    assert (np.diff(found) > 0).all()
    assert not len(found) or 0 <= found[0] <= found[-1] < 1 << BUCKET_BITS


def test_blanks_between_words_make_no_difference() -> None:
    np.testing.assert_array_equal(buckets_of("one two\tthree"), buckets_of("  one   two three "))


def test_a_script_without_spaces_has_words_too() -> None:
    shared = set(buckets_of("東京の天気")) & set(buckets_of("天気は東京"))
    assert len(shared) > 3


def test_an_encoder_comes_back_from_its_bytes_as_it_was() -> None:
    again = TextEncoder.from_bytes(_ENCODER.version, _ENCODER.to_bytes())
    np.testing.assert_array_equal(again.encode(_PROMPTS[0]), _ENCODER.encode(_PROMPTS[0]))


@pytest.mark.parametrize("packed", [b"", b"abc", b"\x00" * 6, b"\xff" * (2 << BUCKET_BITS)])
def test_bytes_that_are_no_table_are_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match=r"a text table|buffer size"):
        TextEncoder.from_bytes("v", packed)


def test_the_same_texts_and_seed_give_the_same_encoder() -> None:
    assert fit_text_encoder(_PROMPTS, 6, 1).version == _ENCODER.version


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=80))
@example("it's 3 o'clock\n\tat 10 % of [x]")
def test_short_texts_fall_into_the_same_buckets_as_long_ones(text: str) -> None:
    by_loop = buckets_of(text.lower())
    by_arrays = buckets_of(text.lower() + " " * 500)  # blanks say nothing
    assert by_loop.tolist() == by_arrays.tolist()
