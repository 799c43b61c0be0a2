"""What the client asks of Ollama, and how it hands on what comes."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import cast

import aiohttp
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.core.outcome import Ask, FinishReason, Piece
from dispatcher.core.replica import Endpoint
from dispatcher.core.task import FormatKind, Message, ModelId, OutputFormat, Role, Sampling
from dispatcher.errors import DeadlineExceeded, ReplicaStartFailed, RuntimeFault
from dispatcher.runtimes.ollama import OllamaRuntime
from dispatcher.runtimes.ollama_loads import Loaded, Loads
from dispatcher.runtimes.ollama_request import chat_body
from dispatcher.runtimes.ollama_wire import LineReader
from dispatcher.runtimes.runtime import Runtime
from dispatcher.runtimes.session import new_session
from tests.fakes.asking import Listener, ask, within
from tests.fakes.behaviour import mark
from tests.fakes.ollama_asking import Watcher, endpoint_of, order
from tests.fakes.ollama_scheduler import Shape
from tests.fakes.ollama_server import FakeOllama
from tests.fakes.ollama_switches import Switches

LOADED = Loaded("llama3.2:3b", 4096, 2)


@pytest.fixture
async def runtime() -> AsyncIterator[OllamaRuntime]:
    async with new_session() as session:
        yield OllamaRuntime(session, time.monotonic)


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama() as ollama:
        ollama.shelf.pull("fake-model", lambda _event: None, lambda: None, lambda: None)
        yield ollama


@pytest.fixture
async def loaded(runtime: OllamaRuntime, ollama: FakeOllama) -> Endpoint:
    """Where the model is loaded."""
    await runtime.load(endpoint_of(ollama), order())
    return endpoint_of(ollama)


def test_it_is_a_runtime(runtime: OllamaRuntime) -> None:
    kept: Runtime = runtime
    assert kept is runtime


async def test_the_pieces_heard_are_the_answer(runtime: OllamaRuntime, loaded: Endpoint) -> None:
    heard = Listener()
    completion = await runtime.complete(loaded, ask("Grüße an 世界"), within(), heard)
    assert completion.text == "".join(heard.pieces) == "You said 3 words and 11 characters, ending in «世界»."
    assert completion.finish_reason is FinishReason.STOP
    assert completion.usage.completion_tokens == len(heard.pieces)
    assert 0 < completion.first_token_s <= completion.total_s
    assert (completion.prefill_s, completion.decode_s) == (0.0015, 0.0025)


async def test_the_request_holds_what_was_asked_and_nothing_else(runtime: OllamaRuntime, ollama: FakeOllama) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    messages = (Message(Role.SYSTEM, "Be brief"), Message(Role.USER, "Count"))
    asked = Ask(
        ModelId("counter"), messages, 7, Sampling(temperature=0.25), OutputFormat(FormatKind.JSON_SCHEMA, schema)
    )
    await runtime.load(endpoint_of(ollama), replace(order(threads=3), model_id=ModelId("counter")))
    await runtime.complete(endpoint_of(ollama), asked, within())
    assert ollama.asked == [
        {
            "model": "fake-model",
            "messages": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Count"}],
            "stream": True,
            "truncate": False,
            "keep_alive": -1,
            "options": {"num_ctx": 1024, "num_thread": 3, "num_predict": 7, "temperature": 0.25},
            "format": schema,
        }
    ]


async def test_a_model_is_loaded_once_for_many_asks(runtime: OllamaRuntime, ollama: FakeOllama) -> None:
    await runtime.load(endpoint_of(ollama), order(context_tokens=2048, threads=2))
    for _ in range(5):
        await runtime.complete(endpoint_of(ollama), ask(), within())
    assert ollama.loads == [Shape("fake-model:latest", 2048, 2)]
    [runner] = ollama.scheduler.running()
    assert runner.expires_at_s is None, "it stays until it is told to go"


async def test_a_new_sidecar_takes_over_what_is_loaded_alike(ollama: FakeOllama, loaded: Endpoint) -> None:
    async with new_session() as session:
        following = OllamaRuntime(session, time.monotonic)
        with pytest.raises(RuntimeFault, match="before it was loaded"):
            await following.complete(loaded, ask(), within())
        await following.load(loaded, order())
        assert (await following.complete(loaded, ask(), within())).text
    assert len(ollama.loads) == 1


async def test_another_context_loads_anew(runtime: OllamaRuntime, ollama: FakeOllama, loaded: Endpoint) -> None:
    await runtime.load(loaded, order(context_tokens=512))
    await runtime.complete(loaded, ask(), within())
    assert [shape.context_tokens for shape in ollama.loads] == [1024, 512]


async def test_two_models_of_one_server_keep_their_own_options(runtime: OllamaRuntime, ollama: FakeOllama) -> None:
    other = replace(order("fake-model", context_tokens=512), model_id=ModelId("other"))
    await runtime.load(endpoint_of(ollama), order())
    await runtime.load(endpoint_of(ollama), other)
    await runtime.complete(endpoint_of(ollama), replace(ask(), model_id=ModelId("other")), within())
    assert ollama.asked[-1]["options"]["num_ctx"] == 512


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("model requires more system memory (5.6 GiB) than is available (3.1 GiB)", "out of memory with 1024 tokens"),
        ("llama-server reported out-of-memory during startup: cudaMalloc failed", "out of memory with 1024 tokens"),
        ("llama runner process has terminated: exit status 2", "exit status 2"),
    ],
)
async def test_a_load_that_fails_says_why(runtime: OllamaRuntime, ollama: FakeOllama, words: str, told: str) -> None:
    ollama.switches = Switches(load_error=words)
    with pytest.raises(ReplicaStartFailed, match=f"fake-model couldn't be loaded: .*{told}"):
        await runtime.load(endpoint_of(ollama), order())
    with pytest.raises(RuntimeFault, match="before it was loaded"):
        await runtime.complete(endpoint_of(ollama), ask(), within())


async def test_a_model_that_is_not_there_cannot_be_loaded(runtime: OllamaRuntime, ollama: FakeOllama) -> None:
    with pytest.raises(ReplicaStartFailed, match="model 'phi3:mini' not found"):
        await runtime.load(endpoint_of(ollama), order("phi3:mini"))


async def test_a_server_that_is_not_there_loads_nothing(runtime: OllamaRuntime, ollama: FakeOllama) -> None:
    ollama.__exit__(None, None, None)
    assert not await runtime.is_ready(endpoint_of(ollama))
    with pytest.raises(ReplicaStartFailed, match="can't be reached"):
        await runtime.load(endpoint_of(ollama), order())


@pytest.mark.parametrize("fault", ["no_usage", "wrong_usage"])
async def test_tokens_are_counted_when_the_server_does_not(
    runtime: OllamaRuntime, loaded: Endpoint, fault: str
) -> None:
    heard = Listener()
    completion = await runtime.complete(loaded, ask(mark(fault=fault)), within(), heard)
    assert completion.usage.completion_tokens == len(heard.pieces)
    assert completion.usage.prompt_tokens > 0
    assert completion.prefill_s is None


async def test_a_load_in_the_way_of_an_answer_is_not_the_models_time(
    runtime: OllamaRuntime, ollama: FakeOllama, loaded: Endpoint
) -> None:
    ollama.scheduler.unload("fake-model:latest")
    ollama.switches = Switches(load_s=0.2)
    completion = await runtime.complete(loaded, ask(), within())
    assert completion.total_s > 0.2
    assert (completion.prefill_s, completion.decode_s) == (0.0015, 0.0025)


async def test_a_caller_who_leaves_stops_the_server_at_once(
    runtime: OllamaRuntime, ollama: FakeOllama, loaded: Endpoint
) -> None:
    started = asyncio.Event()

    async def on_piece(_piece: Piece) -> None:
        started.set()

    prompt = ask(mark(token_delay_s=0.01, fault="endless"), max_tokens=100_000)
    caller = asyncio.create_task(runtime.complete(loaded, prompt, within(), on_piece))
    await started.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert await asyncio.to_thread(ollama.wait_until_idle, 1.0)
    assert ollama.left == 1


async def test_an_error_of_the_reader_is_its_own(runtime: OllamaRuntime, loaded: Endpoint) -> None:
    for error in (TimeoutError("mine"), ConnectionResetError("mine")):

        async def on_piece(_piece: Piece, error: Exception = error) -> None:
            raise error

        with pytest.raises(type(error), match="mine"):
            await runtime.complete(loaded, ask(), within(), on_piece)


async def test_a_reader_who_takes_too_long_meets_the_deadline(runtime: OllamaRuntime, loaded: Endpoint) -> None:
    async def on_piece(_piece: Piece) -> None:
        await asyncio.Event().wait()

    with pytest.raises(DeadlineExceeded):
        await runtime.complete(loaded, ask(), within(0.3), on_piece)


@pytest.mark.parametrize("reference", ["fake-model", "fake-model:latest"])
async def test_a_name_without_a_tag_is_the_latest(runtime: OllamaRuntime, ollama: FakeOllama, reference: str) -> None:
    assert not await runtime.lacks_model(endpoint_of(ollama), order(reference))
    assert await runtime.lacks_model(endpoint_of(ollama), order("fake-model:other"))


async def test_a_model_is_fetched_only_when_it_is_lacking(runtime: OllamaRuntime) -> None:
    with FakeOllama() as ollama:
        assert await runtime.lacks_model(endpoint_of(ollama), order())
        await runtime.fetch_model(endpoint_of(ollama), order(), Watcher())
        assert not await runtime.lacks_model(endpoint_of(ollama), order())


@given(st.text(), st.text(), st.integers(1, 10**6))
def test_any_text_reaches_the_body_unchanged(system: str, prompt: str, max_tokens: int) -> None:
    messages = (Message(Role.SYSTEM, system), Message(Role.USER, prompt))
    body = orjson.loads(chat_body(Ask(ModelId("m"), messages, max_tokens), LOADED))
    assert [message["content"] for message in body["messages"]] == [system, prompt]
    assert body["options"] == {"num_ctx": 4096, "num_thread": 2, "num_predict": max_tokens}
    assert set(body) == {"model", "messages", "stream", "truncate", "keep_alive", "options"}


def test_only_loads_that_nobody_uses_are_forgotten() -> None:
    loads = Loads()
    used, unused = Endpoint("http://used", ""), Endpoint("http://unused", "")
    for endpoint in (used, unused):
        loads.note(endpoint, ModelId("m"), LOADED)
    for number in range(1023):
        loads.note(Endpoint(f"http://{number}", ""), ModelId("m"), LOADED)
        assert loads.of(used, ModelId("m")) == LOADED
    with pytest.raises(RuntimeFault):
        loads.of(unused, ModelId("m"))


class _Response:
    """A stream that comes in given blocks."""

    content_type = "application/x-ndjson"

    def __init__(self, blocks: list[bytes]) -> None:
        self.headers: dict[str, str] = {}
        self.content = self
        self._blocks = blocks

    async def readany(self) -> bytes:
        return self._blocks.pop(0) if self._blocks else b""


@settings(max_examples=200)
@given(st.lists(st.integers(0, 60), max_size=20), st.sampled_from([b"\n", b"\r\n"]))
def test_lines_are_the_same_however_the_stream_is_cut(cuts: list[int], line_end: bytes) -> None:
    stream = line_end.join([b'{"a":1}', b"", b'{"b":"\xc3\xa9"}', b'{"done":true}', b""])
    marks = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    blocks = [stream[a:b] for a, b in pairwise(marks)]

    async def read() -> list[object]:
        lines = LineReader(cast("aiohttp.ClientResponse", _Response(blocks)))
        return [await lines.next() for _ in range(3)]

    assert asyncio.run(read()) == [{"a": 1}, {"b": "é"}, {"done": True}]
