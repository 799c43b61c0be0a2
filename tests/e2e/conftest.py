"""What the end-to-end tests share: the real n8n, our packed node, a running sidecar."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.n8n import N8n
from tests.e2e.package import output_of, packed
from tests.e2e.sidecar import REPOSITORY, Sidecar, running_sidecar
from tests.fakes.real_weights import EMBEDDER, fetched


@pytest.fixture(scope="session")
def n8n_program() -> Path:
    """Return the folder of the real n8n, installed first when it is missing."""
    return Path(output_of(["scripts/setup-n8n"], REPOSITORY).splitlines()[-1])


@pytest.fixture(scope="session")
def node_tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return our node as npm would publish it, freshly built."""
    return packed(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def n8n(n8n_program: Path, node_tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> N8n:
    """Return an n8n with an empty home and our node installed."""
    fresh = N8n(n8n_program, tmp_path_factory.mktemp("n8n"))
    fresh.install(node_tarball)
    return fresh


@pytest.fixture(scope="session")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sidecar]:
    """Run a sidecar with an empty data folder, and at least the weights of the small models."""
    fetched()
    fetched(EMBEDDER)
    with running_sidecar(tmp_path_factory.mktemp("sidecar")) as running:
        yield running
