"""From files to what serves, or to a plain no."""

from dataclasses import replace
from pathlib import Path

import pytest

from dispatcher.learning.artifact import Artifact, RankerBroken
from dispatcher.learning.loaded import loaded
from dispatcher.learning.training_parts import trained_parts
from tests.unit.learning.lessons import a_dataset, lessons
from tests.unit.learning.rankers import a_card


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder: Path = tmp_path_factory.mktemp("loaded")
    data = a_dataset(folder / "d", *lessons(700, slower=lambda tokens: 1.0 + tokens / 800))
    parts = trained_parts(data, seed=1)
    return Artifact(a_card(parts.files, inputs=parts.inputs), parts.files)


def test_what_was_trained_serves(artifact: Artifact) -> None:
    parts = loaded(artifact)
    assert parts.quality is not None
    assert parts.features_version == "1"


def test_without_judgements_there_are_heads_alone(artifact: Artifact) -> None:
    files = {name: data for name, data in artifact.files.items() if name.startswith("times_")}
    assert loaded(replace(artifact, files=files)).quality is None


@pytest.mark.parametrize("name", ["quality.txt", "quality.json", "times_reading.txt"])
def test_parts_that_are_broken_or_missing_are_refused(artifact: Artifact, name: str) -> None:
    for data in (b"", b"{}", artifact.files[name][:-50]):
        with pytest.raises(RankerBroken):
            loaded(replace(artifact, files={**artifact.files, name: data}))


def test_quality_without_its_other_half_is_refused(artifact: Artifact) -> None:
    files = {name: data for name, data in artifact.files.items() if name != "quality.json"}
    with pytest.raises(RankerBroken):
        loaded(replace(artifact, files=files))
