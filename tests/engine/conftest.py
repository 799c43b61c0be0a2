"""A private Docker engine with the embedded inference server's image and real weights, made once for all tests here."""

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from dispatcher.runtimes.openai import OpenAIRuntime
from dispatcher.runtimes.session import new_session
from tests.engine.dockerd import PrivateEngine
from tests.fakes.real_weights import fetched

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "ai-dispatch-inference:0.1"
STAND_IN = "ai-dispatch-test-ollama:1"
_PACKAGES = ("docker.io", "docker-registry", "iptables", "iproute2")
_PROGRAMS = ("dockerd", "containerd", "ip", "docker", "docker-registry")


@pytest.fixture(scope="session")
def dockerd_here() -> None:
    """Make sure that the engine's programs are on this machine, or skip and say what is missing."""
    if _missing() and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], check=False, capture_output=True)
        line = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *_PACKAGES]
        subprocess.run(line, env=environment, check=False, capture_output=True)
    if missing := _missing():
        pytest.skip(f"TESTS ON A REAL DOCKER ENGINE LEFT OUT: no {', '.join(missing)} (apt install docker.io iproute2)")
    if os.geteuid() != 0:
        pytest.skip("TESTS ON A REAL DOCKER ENGINE LEFT OUT: only root may start a private engine")


@pytest.fixture(scope="session")
def engine(dockerd_here: None) -> Iterator[PrivateEngine]:
    """An engine that has the image."""
    yield from _engine()


@pytest.fixture
def own_engine(dockerd_here: None, request: pytest.FixtureRequest) -> Iterator[PrivateEngine]:
    """An engine for one test alone, which may break it."""
    yield from _engine(live_restore=getattr(request, "param", False))


@pytest.fixture(scope="session")
def weights() -> Path:
    """The small real model's file."""
    return fetched()


@pytest.fixture(scope="module")
def ollama_image(engine: PrivateEngine, weights: Path) -> Iterator[str]:
    """Our stand-in for Ollama in an image whose command line is Ollama's, with one model that it can fetch."""
    with engine.client() as client:
        made = client.create_container(IMAGE)["Id"]
        try:
            client.put_archive(made, "/app", _archive(ROOT / "tests" / "fakes", "tests/fakes"))
            client.put_archive(made, "/", _archive(weights, "registry/small.gguf"))
            client.commit(
                made,
                *STAND_IN.split(":"),
                changes=[
                    "USER 0",
                    'ENTRYPOINT ["python3", "/app/tests/fakes/run_fake_ollama.py"]',
                    "ENV OLLAMA_MODELS=/root/.ollama/models",
                    "ENV FAKE_OLLAMA_REGISTRY=llama3.2:3b=/registry/small.gguf",
                    "ENV FAKE_OLLAMA_ENGINE=llama",
                ],
            )
        finally:
            client.remove_container(made, force=True)
        yield STAND_IN
        client.remove_image(STAND_IN, force=True)  # its layers are the inference image's, which another test fetches


def _archive(path: Path, name: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.add(path, name, filter=lambda info: None if "__pycache__" in info.name else info)
    return content.getvalue()


def _engine(*, live_restore: bool = False) -> Iterator[PrivateEngine]:
    # The paths of sockets must be short, so this isn't pytest's own folder.
    engine = PrivateEngine(Path(tempfile.mkdtemp(prefix="aid")), live_restore=live_restore)
    try:
        engine.start()
        subprocess.run(
            [ROOT / "scripts" / "build-inference-image", IMAGE],
            env={**os.environ, "DOCKER_HOST": engine.address},
            check=True,
            capture_output=True,
        )
        yield engine
    finally:
        engine.close()


def _missing() -> list[str]:
    return [name for name in _PROGRAMS if shutil.which(name) is None]


@pytest.fixture
async def runtime() -> AsyncIterator[OpenAIRuntime]:
    async with new_session() as session:
        yield OpenAIRuntime(session, time.monotonic)


@pytest.fixture(autouse=True)
def nothing_blocks_the_loop() -> Iterator[None]:
    with blockbuster_ctx("dispatcher"):
        yield
