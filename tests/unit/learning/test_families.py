"""Models' families, by name."""

import pytest

from dispatcher.learning.families import family_number


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("llama3.1:8b", "llama-3.1-8b-instruct"),
        ("qwen2.5:7b", "qwen2.5-7b-instruct"),
        ("phi3:mini", "phi-3-mini-4k-instruct"),
        ("gemma2:9b", "gemma-2-9b-it"),
        ("mistral:7b", "mistral-7b-instruct-v0.3"),
        ("mixtral:8x7b", "mixtral-8x7b-instruct-v0.1"),
    ],
)
def test_a_family_is_known_by_either_kind_of_name(one: str, other: str) -> None:
    assert family_number(one) == family_number(other) >= 0


@pytest.mark.parametrize(
    "name", ["smollm2:135m", "gpt-4-1106-preview", "phi3.5:mini", "qwen2.5-coder:7b", "", "llama3.2:3b"]
)
def test_a_name_that_is_none_of_them_has_no_family(name: str) -> None:
    assert family_number(name) == -1
