"""The stand-in for Ollama against Ollama's own Python client, over fake answers and over real llama.cpp."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import ollama
import pytest

from tests.fakes.behaviour import mark
from tests.fakes.ollama_engine import FakeEngine, StartEngine
from tests.fakes.ollama_llama import LlamaEngine
from tests.fakes.ollama_scheduler import Limits, Shape
from tests.fakes.ollama_server import FakeOllama
from tests.fakes.ollama_switches import PullFault, Switches
from tests.fakes.real_weights import fetched

SMALL = "smollm2:135m"
ONE_THREAD = {"num_ctx": 512, "num_thread": 1, "temperature": 0.0, "num_predict": 12}
HELLO = [{"role": "user", "content": "Say hello to the world"}]


@pytest.fixture(scope="session", params=["fake", pytest.param("real", marks=pytest.mark.models)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeOllama]:
    folder = tmp_path_factory.mktemp("weights")
    for name in ("fake", "none", "spoilt"):
        (folder / name).write_bytes(name.encode() * 1000)
    engine: StartEngine = LlamaEngine if request.param == "real" else FakeEngine
    registry = {SMALL: fetched() if request.param == "real" else folder / "fake", "spare": folder / "none"}
    registry["spoilt"] = folder / "spoilt"
    with FakeOllama(registry=registry, folder=tmp_path_factory.mktemp("ollama"), engine=engine) as server:
        yield server


@pytest.fixture
def client(server: FakeOllama) -> Iterator[ollama.Client]:
    server.switches = Switches()
    with ollama.Client(host=server.base_url) as client:
        if SMALL not in [model.model for model in client.list().models]:
            client.pull(SMALL)
        yield client


def test_a_model_that_is_missing_is_404(client: ollama.Client) -> None:
    for ask in (client.show, client.delete, lambda name: client.chat(name, HELLO), client.generate):
        with pytest.raises(ollama.ResponseError, match="'nosuch' not found") as caught:
            ask("nosuch")
        assert caught.value.status_code == 404


def test_a_pull_is_told_step_by_step_and_deleted_again(client: ollama.Client) -> None:
    steps = list(client.pull("spare", stream=True))
    assert [steps[0].status, steps[-1].status] == ["pulling manifest", "success"]
    [first, *_, last] = [step for step in steps if step.digest == steps[1].digest]
    assert first.completed is None
    assert last.completed == last.total == 4000
    assert client.show("spare").details is not None
    client.delete("spare")
    assert [model.model for model in client.list().models] == [SMALL]


def test_a_pull_that_fails_says_so_in_a_line(client: ollama.Client, server: FakeOllama) -> None:
    with pytest.raises(ollama.ResponseError, match="file does not exist") as caught:
        list(client.pull("nosuch", stream=True))
    assert caught.value.status_code == -1, "its status was 200 when it began"
    with pytest.raises(ollama.ResponseError, match="file does not exist") as caught:
        client.pull("nosuch")
    assert caught.value.status_code == 500
    server.switches, server.pulls = Switches(pull_fault=PullFault.ERROR), 0
    with pytest.raises(ollama.ResponseError, match="no space left"):
        list(client.pull("spoilt", stream=True))


def test_a_chat_is_streamed_or_whole(client: ollama.Client) -> None:
    pieces = list(client.chat(SMALL, HELLO, stream=True, options=ONE_THREAD))
    assert len(pieces) > 1
    assert [piece.done for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    last = pieces[-1]
    assert last.done_reason in ("stop", "length")
    assert last.eval_count
    assert last.eval_duration
    assert last.prompt_eval_count
    whole = client.chat(SMALL, HELLO, options=ONE_THREAD)
    assert whole.message.content == "".join(piece.message.content or "" for piece in pieces)


def test_a_prompt_is_completed_streamed_or_whole(client: ollama.Client) -> None:
    pieces = list(client.generate(SMALL, "Say hello", stream=True, options=ONE_THREAD))
    whole = client.generate(SMALL, "Say hello", system="Be brief.", options=ONE_THREAD)
    assert pieces[-1].done
    assert whole.response


def test_a_schema_shapes_the_answer(client: ollama.Client) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    answer = client.chat(SMALL, HELLO, format=schema, options={**ONE_THREAD, "num_predict": 60})
    assert set(json.loads(answer.message.content or "")) == {"n"}


def test_a_model_is_loaded_kept_listed_and_unloaded(client: ollama.Client, server: FakeOllama) -> None:
    client.generate(SMALL, keep_alive=0)
    loads = len(server.loads)
    assert client.generate(SMALL, keep_alive=-1, options=ONE_THREAD).done_reason == "load"
    [running] = client.ps().models
    assert (running.model, running.context_length) == (SMALL, 512)
    assert running.expires_at is not None
    assert running.expires_at.year > 2100
    for _ in range(3):
        answer = client.chat(SMALL, HELLO, keep_alive=-1, options=ONE_THREAD)
        assert answer.load_duration
    assert server.loads[loads:] == [Shape(SMALL, 512, 1)]
    answer = client.chat(SMALL, HELLO, keep_alive="50ms", options={**ONE_THREAD, "num_ctx": 256})
    assert answer.load_duration
    assert len(server.loads) == loads + 2, "another context loads anew"
    assert client.generate(SMALL, keep_alive=0).done_reason == "unload"
    assert client.ps().models == []


def test_a_prompt_that_is_too_long_is_refused_in_tokens(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError, match=r"exceed_context_size_error.*\"n_ctx\": 512") as caught:
        client.chat(SMALL, [{"role": "user", "content": "word " * 3000}], options=ONE_THREAD)
    assert caught.value.status_code == 400


async def test_a_full_queue_is_503() -> None:
    with FakeOllama(limits=Limits(queue_max=1)) as server:
        async with ollama.AsyncClient(host=server.base_url) as client:
            await client.pull("fake-model")
            long = [{"role": "user", "content": mark(fault="endless", token_delay_s=0.01)}]
            callers: list[asyncio.Task[ollama.ChatResponse]] = []
            for waiting in (0, 1):
                callers.append(asyncio.create_task(client.chat("fake-model", long)))
                await _until(lambda: server.scheduler.waiting == waiting and len(server.asked) == 1)  # noqa: B023
            with pytest.raises(ollama.ResponseError, match=r"server busy, please try again\.  maximum") as caught:
                await client.chat("fake-model", HELLO)
            assert caught.value.status_code == 503
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)


def test_no_more_models_are_loaded_than_may_be(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    registry = {name: tmp_path / name for name in ("one", "two")}
    with FakeOllama(registry=registry, folder=tmp_path, limits=Limits(loaded_max=1)) as server:
        client = ollama.Client(host=server.base_url)
        with client:
            for name in registry:
                client.pull(name)
                client.generate(name, keep_alive=-1)
            assert [running.model for running in client.ps().models] == ["two:latest"]


async def test_many_callers_of_one_slot_are_all_answered(client: ollama.Client, server: FakeOllama) -> None:
    async with ollama.AsyncClient(host=server.base_url) as asynchronous:
        chats = (asynchronous.chat(SMALL, HELLO, options=ONE_THREAD) for _ in range(6))
        answers = await asyncio.gather(*chats)
    assert all(answer.message.content for answer in answers)


def test_weights_that_are_none_cannot_be_loaded(client: ollama.Client, server: FakeOllama) -> None:
    client.pull("spare")
    if server.scheduler.start is FakeEngine:
        server.switches = Switches(load_error="llama runner process has terminated: exit status 3")
    with pytest.raises(ollama.ResponseError, match="llama runner process has terminated: exit status 3") as caught:
        client.generate("spare", options=ONE_THREAD)
    assert caught.value.status_code == 500
    client.delete("spare")


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(5.0):
        while not is_so():  # noqa: ASYNC110 - what it waits for is in other threads
            await asyncio.sleep(0.005)
