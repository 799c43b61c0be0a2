"""The two inference servers of the contract: the fake, and llama.cpp with a real model."""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from dispatcher.runtimes.openai import OpenAIRuntime
from dispatcher.runtimes.session import new_session
from tests.fakes.launched import REAL_COMMAND, LaunchedServer, launched
from tests.fakes.process import FAKE_COMMAND
from tests.fakes.real_weights import fetched

CONTEXT_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class Program:
    """How to start an inference server, and a model file it takes."""

    command: Sequence[str]
    model: Path
    # llama.cpp needs time to load; the fake is told to take some
    environment: dict[str, str]


@pytest.fixture(scope="session", params=["fake", pytest.param("real", marks=pytest.mark.models)])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Program:
    if request.param == "real":
        return Program(REAL_COMMAND, fetched(), {})
    model = tmp_path_factory.mktemp("weights") / "fake.gguf"
    model.write_bytes(b"GGUF")
    return Program(FAKE_COMMAND, model, {"FAKE_BEHAVIOUR": '{"load_s": 0.3}'})


@pytest.fixture(scope="session")
def server(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedServer]:
    folder = tmp_path_factory.mktemp("server")
    arguments = ("--context-tokens", str(CONTEXT_TOKENS), "--alias", "served-model", "--replica-id", "contract")
    with launched(program.command, program.model, folder, *arguments, environment=program.environment) as server:
        server.wait_until_ready()
        yield server


@pytest.fixture
async def runtime() -> AsyncIterator[OpenAIRuntime]:
    async with new_session() as session:
        yield OpenAIRuntime(session, time.monotonic)
