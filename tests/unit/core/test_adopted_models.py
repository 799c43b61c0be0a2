"""Models of an Ollama that someone else runs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.adopted_models import ServedModel, adopted_id, adopted_model
from dispatcher.core.model import HostKind
from dispatcher.core.task import Capability, TaskType

LLAMA = ServedModel("llama3.2:3b", "a80c", 2_019_393_189, "llama", "3.2B")


def test_what_ollama_tells_is_what_is_offered() -> None:
    model = adopted_model(LLAMA, {"completion", "tools"}, is_local=True)
    assert model is not None
    assert (model.id, model.reference, model.parameters_b) == ("ollama:llama3.2:3b", "llama3.2:3b", 3.2)
    assert model.host is HostKind.REMOTE
    assert model.is_local
    assert model.capabilities == {Capability.JSON, Capability.TOOLS}


def test_a_model_that_only_embeds_is_not_offered_for_prompts() -> None:
    model = adopted_model(LLAMA, {"embedding"}, is_local=True)
    assert model is not None
    assert model.only_embeds
    assert model.capabilities == {Capability.EMBEDDING}
    assert model.quality.task_types == {TaskType.EMBEDDING}


def test_a_model_that_writes_embeds_only_if_ollama_says_so() -> None:
    both = adopted_model(LLAMA, {"completion", "embedding"}, is_local=True)
    assert both is not None
    assert both.capabilities == {Capability.JSON, Capability.EMBEDDING}
    assert {TaskType.CHAT, TaskType.EMBEDDING} <= both.task_types
    assert not both.only_embeds


def test_a_model_that_does_neither_is_not_offered() -> None:
    assert adopted_model(LLAMA, {"vision"}, is_local=True) is None


def test_an_older_ollama_that_tells_no_capabilities_is_taken_to_write_unless_the_family_only_embeds() -> None:
    model = adopted_model(LLAMA, (), is_local=True)
    assert model is not None
    assert not model.only_embeds
    nomic = adopted_model(ServedModel("nomic-embed-text", "0a10", 274_302_450, "nomic-bert", "137M"), (), is_local=True)
    assert nomic is not None
    assert nomic.only_embeds


@pytest.mark.parametrize(
    ("told", "billions"), [("135M", 0.135), ("1T", 1000), ("7b", 7), ("", 3.1), ("huge", 3.1), ("0B", 0.001)]
)
def test_its_size_is_told_or_taken_from_its_file(told: str, billions: float) -> None:
    model = adopted_model(ServedModel("x", "", 2_019_393_189, "", told), (), is_local=False)
    assert model is not None
    assert model.parameters_b == pytest.approx(billions, abs=0.01)


@given(st.text(min_size=1))
def test_whatever_it_is_called_the_id_is_one_that_a_path_can_hold(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9._:-]*", adopted_id(name))
    assert len(adopted_id(name)) <= 100
