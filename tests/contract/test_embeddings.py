"""Vectors as our client asks for them: what holds for the fake holds for llama.cpp with the real model."""

import math
from collections.abc import Iterator

import pytest

from dispatcher.core.embedding import EmbedAsk
from dispatcher.core.task import ModelId
from dispatcher.errors import InvalidRequest
from dispatcher.runtimes.openai import OpenAIRuntime
from tests.contract.conftest import Program
from tests.fakes.asking import within
from tests.fakes.launched import REAL_COMMAND, LaunchedServer, launched
from tests.fakes.process import FAKE_COMMAND
from tests.fakes.real_weights import EMBEDDER, fetched

CONTEXT_TOKENS = 64

# By an own implementation of BERT in NumPy, from the makers' weights; the first is also what their model card shows.
REFERENCE = {
    "This is an example sentence": (0.067657, 0.063496, 0.048713, 0.079305, 0.037448, 0.002653),
    "Each sentence is converted": (0.086439, 0.102763, 0.005395, 0.002044, -0.009963, 0.025386),
    "Die Katze schläft auf dem Sofa. It's 3:45 pm, isn't it?": (
        *(0.053172, 0.024652, -0.010082, -0.029977, 0.050017, 0.055513),
    ),
}


@pytest.fixture(scope="module", params=["fake", pytest.param("real", marks=[pytest.mark.models, pytest.mark.weights])])
def embedding(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Program:
    if request.param == "real":
        return Program(REAL_COMMAND, fetched(EMBEDDER), {})
    model = tmp_path_factory.mktemp("weights") / "fake.gguf"
    model.write_bytes(b"GGUF")
    return Program(FAKE_COMMAND, model, {})


@pytest.fixture(scope="module")
def embedder(embedding: Program, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedServer]:
    arguments = ("--context-tokens", str(CONTEXT_TOKENS), "--alias", "served-model", "--embedding")
    folder = tmp_path_factory.mktemp("server")
    with launched(embedding.command, embedding.model, folder, *arguments, environment=embedding.environment) as server:
        server.wait_until_ready()
        yield server


def texts(*said: str, truncate: bool = True) -> EmbedAsk:
    return EmbedAsk(ModelId("served-model"), said, CONTEXT_TOKENS, truncate)


def likeness(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    return math.sumprod(one, other) if hasattr(math, "sumprod") else sum(a * b for a, b in zip(one, other, strict=True))


async def test_vectors_come_in_order_of_length_one_and_the_same_each_time(
    runtime: OpenAIRuntime, embedder: LaunchedServer
) -> None:
    said = [f"text number {number} is about shipping" for number in range(40)]
    found = await runtime.embed(embedder.endpoint, texts(*said), within())
    assert found.prompt_tokens > 40 * 6
    for index in (0, 17, 39):
        alone = await runtime.embed(embedder.endpoint, texts(said[index]), within())
        assert alone.vectors[0] == found.vectors[index]
        assert likeness(alone.vectors[0], alone.vectors[0]) == pytest.approx(1.0, abs=1e-5)
    assert len(set(found.vectors)) == 40


async def test_an_empty_text_has_a_vector(runtime: OpenAIRuntime, embedder: LaunchedServer) -> None:
    assert len((await runtime.embed(embedder.endpoint, texts("", "x"), within())).vectors) == 2


async def test_long_texts_are_cut_or_named(runtime: OpenAIRuntime, embedder: LaunchedServer) -> None:
    long = "rain " * 100
    found = await runtime.embed(embedder.endpoint, texts("short", long, long + "snow"), within())
    assert found.vectors[1] == found.vectors[2]
    with pytest.raises(InvalidRequest, match="text 1 has 102 tokens and served-model takes 64"):
        await runtime.embed(embedder.endpoint, texts("short", long, truncate=False), within())


@pytest.mark.models
@pytest.mark.weights
@pytest.mark.parametrize("embedding", ["real"], indirect=True)
async def test_the_real_vectors_are_those_of_the_reference(runtime: OpenAIRuntime, embedder: LaunchedServer) -> None:
    found = await runtime.embed(embedder.endpoint, texts(*REFERENCE), within())
    for vector, reference in zip(found.vectors, REFERENCE.values(), strict=True):
        assert len(vector) == 384
        assert vector[:6] == pytest.approx(reference, abs=1e-3)


@pytest.mark.models
@pytest.mark.weights
@pytest.mark.parametrize("embedding", ["real"], indirect=True)
async def test_what_means_the_same_lies_near(runtime: OpenAIRuntime, embedder: LaunchedServer) -> None:
    alike = (
        ("How do I reset my password?", "I forgot my login credentials"),
        ("A man is eating food.", "A man is eating a piece of bread."),
        ("The invoice is overdue.", "This bill should have been paid already."),
        ("My parcel never arrived.", "The package was not delivered."),
    )
    found = (
        await runtime.embed(embedder.endpoint, texts(*(text for pair in alike for text in pair)), within())
    ).vectors
    near = [likeness(found[index], found[index + 1]) for index in range(0, len(found), 2)]
    far = [likeness(found[a], found[b]) for a in range(0, len(found), 2) for b in range(a + 2, len(found))]
    assert min(near) > 0.4 > max(far)
