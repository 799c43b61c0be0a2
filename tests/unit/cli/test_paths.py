"""Paths of models and replicas."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.cli.faults import BadUsage
from dispatcher.cli.paths import container_path, model_path, variant_path


@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda name: name not in (".", "..")))
def test_a_name_stays_one_part_of_the_path_whatever_it_holds(name: str) -> None:
    parts = model_path(name, "stop").split("/")
    assert [unquote(part) for part in parts] == ["", "api", "models", name, "stop"]
    assert not set(parts[3]) & set("/?#% ") - {"%"}


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_be_another_path_is_wrong_usage(name: str) -> None:
    with pytest.raises(BadUsage, match="lists the ids"):
        container_path(name, "stop")


def test_bytes_that_are_no_text_are_wrong_usage() -> None:
    with pytest.raises(BadUsage, match="UTF-8"):
        model_path("a\udcff")


def test_a_variant_is_named_by_family_task_and_version() -> None:
    assert variant_path("qwen2.5/chat/3", "retire") == "/api/prompt-variants/qwen2.5/chat/3/retire"
    assert variant_path("a b/any/1", "promote") == "/api/prompt-variants/a%20b/any/1/promote"


@pytest.mark.parametrize("name", ["", "any/chat", "any//1", "a/b/c/d", "../any/1", "\udcff/any/1"])
def test_what_names_no_variant_is_wrong_usage(name: str) -> None:
    with pytest.raises(BadUsage, match="VARIANT"):
        variant_path(name, "promote")
