"""Vectors from Ollama: loaded by the route for them, asked for at once, and checked."""

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from dispatcher.core.embedding import EmbedAsk
from dispatcher.core.replica import StartOrder
from dispatcher.core.task import ModelId
from dispatcher.errors import DispatcherError, ReplicaStartFailed, RuntimeBadAnswer, RuntimeFault, RuntimeRefused
from dispatcher.runtimes.ollama import OllamaRuntime
from dispatcher.runtimes.session import new_session
from tests.fakes.asking import within
from tests.fakes.behaviour import Behaviour, Fault
from tests.fakes.ollama_asking import endpoint_of, order
from tests.fakes.ollama_server import FakeOllama
from tests.fakes.ollama_switches import Switches
from tests.fakes.vectors import tokens_of, vector_of

NAME = "nomic-embed-text:latest"


@pytest.fixture
async def runtime() -> AsyncIterator[OllamaRuntime]:
    async with new_session() as session:
        yield OllamaRuntime(session, time.monotonic)


@pytest.fixture
def ollama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeOllama]:
    folder = tmp_path_factory.mktemp("ollama")
    (folder / "weights").write_bytes(b"GGUF" * 1000)
    with FakeOllama(registry={"nomic-embed-text": folder / "weights"}, folder=folder / "models") as ollama:
        ollama.shelf.pull(NAME, lambda _event: None, lambda: None, lambda: None)
        yield ollama


def embedding_order() -> StartOrder:
    return replace(order(NAME, context_tokens=16), embeds=True)


def texts(*said: str, truncate: bool = True) -> EmbedAsk:
    return EmbedAsk(ModelId("fake-model"), said, 16, truncate)


async def test_a_batch_is_one_request_with_the_context_it_was_loaded_with(
    runtime: OllamaRuntime, ollama: FakeOllama
) -> None:
    await runtime.load(endpoint_of(ollama), embedding_order())
    found = await runtime.embed(endpoint_of(ollama), texts("one", "two words"), within())
    assert ollama.asked == [
        {
            "model": NAME,
            "input": ["one", "two words"],
            "truncate": True,
            "keep_alive": -1,
            "options": {"num_ctx": 16, "num_thread": 1},
        }
    ]
    assert len(ollama.loads) == 1
    assert found.vectors[1] == pytest.approx(vector_of(tokens_of("two words"), 8))
    assert found.prompt_tokens == 7


async def test_a_model_that_only_embeds_cannot_be_loaded_as_one_that_writes(
    runtime: OllamaRuntime, ollama: FakeOllama
) -> None:
    with pytest.raises(ReplicaStartFailed, match="does not support generate"):
        await runtime.load(endpoint_of(ollama), order(NAME))


async def test_a_text_too_long_to_be_left_whole_is_named(runtime: OllamaRuntime, ollama: FakeOllama) -> None:
    await runtime.load(endpoint_of(ollama), embedding_order())
    long = "word " * 40
    assert len((await runtime.embed(endpoint_of(ollama), texts("short", long), within())).vectors) == 2
    with pytest.raises(RuntimeRefused, match="the longest is text 1 with 200 characters"):
        await runtime.embed(endpoint_of(ollama), texts("short", long, truncate=False), within())


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.FEWER_VECTORS, RuntimeBadAnswer),
        (Fault.RAGGED_VECTORS, RuntimeBadAnswer),
        (Fault.NO_NUMBERS, RuntimeBadAnswer),
        (Fault.NOT_FINITE, RuntimeBadAnswer),
        (Fault.STATUS, RuntimeFault),
    ],
)
async def test_each_fault_becomes_one_error(
    runtime: OllamaRuntime, ollama: FakeOllama, fault: Fault, error: type[DispatcherError]
) -> None:
    await runtime.load(endpoint_of(ollama), embedding_order())
    ollama.switches = Switches(chat=Behaviour(fault=fault))
    with pytest.raises(DispatcherError) as caught:
        await runtime.embed(endpoint_of(ollama), texts("one", "two"), within())
    assert type(caught.value) is error
