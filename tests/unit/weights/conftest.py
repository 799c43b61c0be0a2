"""A small file to fetch, a server that has it, and a library to fetch it with."""

import hashlib
import random
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from dispatcher.core.model import Footprint, HostKind, ModelSpec, QualityTable, RuntimeKind, Speed
from dispatcher.core.task import ModelId
from dispatcher.weights.catalogue import CatalogueEntry
from dispatcher.weights.library import WeightLibrary
from dispatcher.weights.weightfile import Patience, Source, UrlSource, WeightFile
from tests.unit.weights.file_server import FileServer

MODEL = ModelId("tiny")
CONTENT = random.Random(7).randbytes(3_000_000)

NewLibrary = Callable[..., WeightLibrary]


def weight_file(*sources: Source, content: bytes = CONTENT) -> WeightFile:
    """The file whose right content is `content`."""
    digest = hashlib.sha256(content).hexdigest()
    return WeightFile("tiny.gguf", len(content), digest, "https://example.org/licence", sources)


def entry(file: WeightFile) -> CatalogueEntry:
    """A model that needs the file."""
    spec = ModelSpec(
        MODEL, "Tiny", "tiny", 0.1, "MIT", RuntimeKind.OPENAI, HostKind.PROCESS, 1024, 1, frozenset(),
        QualityTable({}), Speed(1.0, 1.0), 1.0, Footprint(1, 1, 1.0),
    )  # fmt: skip
    return CatalogueEntry(spec, file)


@pytest.fixture
async def server() -> AsyncIterator[FileServer]:
    async with FileServer(CONTENT) as server:
        yield server


@pytest.fixture
def source(server: FileServer) -> UrlSource:
    return UrlSource(server.url)


@pytest.fixture
async def new_library(tmp_path: Path) -> AsyncIterator[NewLibrary]:
    """Makes libraries over one folder, as the same or another sidecar would."""
    libraries: list[WeightLibrary] = []
    async with aiohttp.ClientSession() as session:

        def new(*sources: Source, folder: Path = tmp_path / "weights", content: bytes = CONTENT) -> WeightLibrary:
            file = weight_file(*sources, content=content)
            patience = Patience(connect_s=1.0, stall_s=0.4, pip_stall_s=20.0)
            libraries.append(WeightLibrary(folder, [entry(file)], session, time.monotonic, patience))
            return libraries[-1]

        yield new
        for library in libraries:
            await library.close()
