"""Ollama's protocol as our client uses it: what holds over fake answers holds over llama.cpp."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from dispatcher.core.outcome import Ask, FinishReason, Piece
from dispatcher.core.replica import Endpoint
from dispatcher.core.task import FormatKind, Message, ModelId, OutputFormat, Role, Sampling
from dispatcher.errors import ReplicaStartFailed, RuntimeRefused, WeightsUnavailable
from dispatcher.runtimes.ollama import OllamaRuntime
from dispatcher.runtimes.session import new_session
from tests.fakes.asking import Listener, ask, within
from tests.fakes.behaviour import mark
from tests.fakes.ollama_asking import Watcher, endpoint_of, order
from tests.fakes.ollama_engine import FakeEngine, StartEngine
from tests.fakes.ollama_llama import LlamaEngine
from tests.fakes.ollama_server import FakeOllama
from tests.fakes.ollama_switches import PullFault, Switches
from tests.fakes.real_weights import fetched

REFERENCE = "smollm2:135m"
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "minimum": 1}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


@pytest.fixture(scope="session", params=["fake", pytest.param("real", marks=pytest.mark.models)])
def ollama(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeOllama]:
    """A stand-in whose first pull of the model was cut at half and taken up again."""
    folder = tmp_path_factory.mktemp("weights")
    for name in ("fake", "none"):
        (folder / name).write_bytes(name.encode() * 1000)
    engine: StartEngine = LlamaEngine if request.param == "real" else FakeEngine
    registry = {REFERENCE: fetched() if request.param == "real" else folder / "fake", "broken": folder / "none"}
    with FakeOllama(registry=registry, folder=tmp_path_factory.mktemp("ollama"), engine=engine) as ollama:
        yield ollama


@pytest.fixture
async def runtime(ollama: FakeOllama) -> AsyncIterator[OllamaRuntime]:
    ollama.switches = Switches()
    async with new_session() as session:
        yield OllamaRuntime(session, time.monotonic)


@pytest.fixture
async def loaded(runtime: OllamaRuntime, ollama: FakeOllama) -> Endpoint:
    """Where the model is loaded: by the first test, and kept for all."""
    endpoint = endpoint_of(ollama)
    if await runtime.lacks_model(endpoint, order(REFERENCE)):
        await runtime.fetch_model(endpoint, order(REFERENCE), Watcher())
    await runtime.load(endpoint, order(REFERENCE))
    return endpoint


async def test_a_server_that_is_there_says_so(runtime: OllamaRuntime, ollama: FakeOllama) -> None:
    assert await runtime.answers(endpoint_of(ollama))
    assert await runtime.is_ready(endpoint_of(ollama))


async def test_a_model_is_fetched_through_a_cut_with_all_its_bytes(
    runtime: OllamaRuntime, ollama: FakeOllama, loaded: Endpoint
) -> None:
    ollama.shelf.delete(REFERENCE)
    ollama.switches, ollama.pulls = Switches(pull_fault=PullFault.CUT), 0
    watcher = Watcher()
    assert await runtime.lacks_model(loaded, order(REFERENCE))
    await runtime.fetch_model(loaded, order(REFERENCE), watcher)
    assert ollama.pulls == 2
    assert watcher.heard[-1].done_bytes == watcher.heard[-1].total_bytes
    assert not await runtime.lacks_model(loaded, order(REFERENCE))
    await runtime.load(loaded, order(REFERENCE))
    assert (await runtime.complete(loaded, ask(max_tokens=4), within())).text


async def test_a_model_that_nobody_has_cannot_be_fetched(runtime: OllamaRuntime, loaded: Endpoint) -> None:
    with pytest.raises(WeightsUnavailable, match="file does not exist"):
        await runtime.fetch_model(loaded, order("nosuch"), Watcher())


async def test_weights_that_are_none_cannot_be_loaded(
    runtime: OllamaRuntime, ollama: FakeOllama, loaded: Endpoint
) -> None:
    await runtime.fetch_model(loaded, order("broken"), Watcher())
    if ollama.scheduler.start is FakeEngine:
        ollama.switches = Switches(load_error="llama runner process has terminated: exit status 3")
    with pytest.raises(ReplicaStartFailed, match=r"broken couldn't be loaded: .*terminated"):
        await runtime.load(loaded, order("broken"))


async def test_an_answer_comes_in_pieces_with_usage_and_timings(runtime: OllamaRuntime, loaded: Endpoint) -> None:
    heard = Listener()
    completion = await runtime.complete(loaded, ask("Tell me about rain.", max_tokens=12), within(), heard)
    assert completion.text == "".join(heard.pieces) != ""
    assert len(heard.pieces) > 1
    assert completion.usage.prompt_tokens > 3
    assert 1 < completion.usage.completion_tokens <= 12
    assert 0 < completion.first_token_s <= completion.total_s
    assert completion.prefill_s is not None
    assert completion.decode_s is not None


async def test_a_model_is_loaded_once_for_many_answers(
    runtime: OllamaRuntime, ollama: FakeOllama, loaded: Endpoint
) -> None:
    loads = len(ollama.loads)
    for number in range(5):
        await runtime.complete(loaded, ask(f"Number {number}", max_tokens=3), within())
    await runtime.load(loaded, order(REFERENCE))
    assert len(ollama.loads) == loads


async def test_an_answer_is_cut_at_max_tokens(runtime: OllamaRuntime, loaded: Endpoint) -> None:
    completion = await runtime.complete(loaded, ask("Tell me a long story.", max_tokens=5), within())
    assert completion.finish_reason is FinishReason.LENGTH
    assert completion.usage.completion_tokens == 5


@pytest.mark.parametrize("text", ["yes", "Grüße, 世界 🎉", 'a "quoted" \\ line\n'])
async def test_a_schema_holds_the_answer_to_one_text_which_then_stops(
    runtime: OllamaRuntime, loaded: Endpoint, text: str
) -> None:
    output = OutputFormat(FormatKind.JSON_SCHEMA, {"enum": [text]})
    completion = await runtime.complete(loaded, ask(f"Say {text}", output=output), within())
    assert json.loads(completion.text) == text
    assert completion.finish_reason is FinishReason.STOP


async def test_a_schema_gives_an_object_of_its_shape(runtime: OllamaRuntime, loaded: Endpoint) -> None:
    output = OutputFormat(FormatKind.JSON_SCHEMA, PERSON)
    completion = await runtime.complete(loaded, ask("Ada is 36.", output=output), within())
    assert set(json.loads(completion.text)) == {"name", "age"}


async def test_json_without_a_schema_begins_an_object(runtime: OllamaRuntime, loaded: Endpoint) -> None:
    prompt = ask("Give a JSON object with the key colour.", max_tokens=20, output=OutputFormat(FormatKind.JSON))
    assert (await runtime.complete(loaded, prompt, within())).text.lstrip().startswith("{")


async def test_a_prompt_beyond_the_context_is_refused_in_tokens(runtime: OllamaRuntime, loaded: Endpoint) -> None:
    with pytest.raises(RuntimeRefused, match=r"it has \d+ tokens and fake-model takes 1024") as caught:
        await runtime.complete(loaded, ask("canary " * 3000), within())
    assert "canary" not in caught.value.message


async def test_a_caller_who_leaves_frees_the_slot(runtime: OllamaRuntime, loaded: Endpoint) -> None:
    started = asyncio.Event()

    async def on_piece(_piece: Piece) -> None:
        started.set()

    endless = ask(f"Count to ten thousand. {mark(fault='endless', token_delay_s=0.01)}", max_tokens=900)
    caller = asyncio.create_task(runtime.complete(loaded, endless, within(), on_piece))
    await started.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    left_s = time.monotonic()
    await runtime.complete(loaded, ask("Hi", max_tokens=2), within())
    assert time.monotonic() - left_s < 4.0, "900 tokens would take longer"


async def test_callers_of_one_slot_are_all_answered(runtime: OllamaRuntime, loaded: Endpoint) -> None:
    asks = [ask(f"Name a {thing}.", max_tokens=6) for thing in ("fruit", "river", "colour")]
    answers = await asyncio.gather(*(runtime.complete(loaded, one, within()) for one in asks))
    assert all(completion.text for completion in answers)


@pytest.mark.parametrize("system", ["", "Réponds en une phrase. 🦙"])
async def test_any_message_is_taken(runtime: OllamaRuntime, loaded: Endpoint, system: str) -> None:
    messages = (
        Message(Role.SYSTEM, system),
        Message(Role.USER, "Hello"),
        Message(Role.ASSISTANT, "Hi"),
        Message(Role.USER, "{{ 7 * 7 }} {% for %} <|im_end|> %s 世界 \u202e \x00 end"),
    )
    completion = await runtime.complete(
        loaded, Ask(ModelId("fake-model"), messages, 8, Sampling(temperature=0.0)), within()
    )
    assert completion.usage.completion_tokens > 0


async def test_what_it_has_and_holds_is_listed(runtime: OllamaRuntime, loaded: Endpoint) -> None:
    model = {one.reference: one for one in await runtime.served(loaded)}[REFERENCE]  # other tests fetch others
    assert model.digest
    assert model.size_bytes > 0
    assert (await runtime.loaded(loaded))[REFERENCE] == order(REFERENCE).context_tokens
    assert "completion" in await runtime.capabilities(loaded, REFERENCE)
