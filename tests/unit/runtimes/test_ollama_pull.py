"""Having Ollama fetch a model: progress, cuts, standstills and refusals."""

import time
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

import aiohttp
import pytest

from dispatcher.core.replica import Fetching
from dispatcher.errors import RuntimeBadAnswer, WeightsUnavailable
from dispatcher.runtimes.ollama import OllamaRuntime
from dispatcher.runtimes.ollama_progress import PullSoFar
from dispatcher.runtimes.session import new_session
from tests.fakes.ollama_asking import Watcher, endpoint_of, order
from tests.fakes.ollama_server import FakeOllama
from tests.fakes.ollama_switches import PullFault, Switches

FOR_EVER = 1 << 30


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_session() as session:
        yield session


@pytest.fixture
def runtime(session: aiohttp.ClientSession) -> OllamaRuntime:
    return OllamaRuntime(session, time.monotonic, stall_s=0.5)


@pytest.fixture
def ollama() -> Iterator[FakeOllama]:
    with FakeOllama() as ollama:
        yield ollama


async def test_progress_is_of_all_layers_and_never_goes_back(runtime: OllamaRuntime, ollama: FakeOllama) -> None:
    watcher = Watcher()
    await runtime.fetch_model(endpoint_of(ollama), order(), watcher)
    assert watcher.heard[0] == Fetching("fake-model", 0, None)
    assert all(one.done_bytes <= other.done_bytes for one, other in pairwise(watcher.heard))
    last = watcher.heard[-1]
    assert last.done_bytes == last.total_bytes == 1_000_000 + len('{"model": "fake-model:latest"}')
    assert len({fetching.done_bytes for fetching in watcher.heard}) > 8


@pytest.mark.parametrize("fault", [PullFault.CUT, PullFault.END])
async def test_a_pull_cut_at_half_goes_on_from_there(
    runtime: OllamaRuntime, ollama: FakeOllama, fault: PullFault
) -> None:
    ollama.switches = Switches(pull_fault=fault, pull_faults=2)
    watcher = Watcher()
    await runtime.fetch_model(endpoint_of(ollama), order(), watcher)
    assert ollama.pulls == 2, "the second one began beyond the half, where the fault strikes"
    assert all(one.done_bytes <= other.done_bytes for one, other in pairwise(watcher.heard))
    assert not await runtime.lacks_model(endpoint_of(ollama), order())


@pytest.mark.heavy
async def test_a_server_that_does_not_come_back_is_given_up(runtime: OllamaRuntime, ollama: FakeOllama) -> None:
    endpoint = endpoint_of(ollama)
    ollama.__exit__(None, None, None)
    with pytest.raises(WeightsUnavailable, match="fake-model can't be fetched: the inference server can't be reached"):
        await runtime.fetch_model(endpoint, order(), Watcher())


async def test_a_pull_that_comes_no_further_is_given_up_though_the_server_goes_on_talking(
    runtime: OllamaRuntime, ollama: FakeOllama
) -> None:
    ollama.switches = Switches(pull_fault=PullFault.STALL)
    started_s = time.monotonic()
    with pytest.raises(WeightsUnavailable, match=r"came no further for 0.5 s, at \d{6} bytes"):
        await runtime.fetch_model(endpoint_of(ollama), order(), Watcher())
    assert time.monotonic() - started_s < 3.0


@pytest.mark.heavy
async def test_a_slow_pull_is_no_standstill(session: aiohttp.ClientSession, ollama: FakeOllama) -> None:
    ollama.switches = Switches(pull_piece_s=0.1)
    runtime = OllamaRuntime(session, time.monotonic, stall_s=0.4)
    started_s = time.monotonic()
    await runtime.fetch_model(endpoint_of(ollama), order(), Watcher())
    assert time.monotonic() - started_s > 0.8


async def test_an_error_line_is_told_in_the_servers_words(runtime: OllamaRuntime, ollama: FakeOllama) -> None:
    ollama.switches = Switches(pull_fault=PullFault.ERROR)
    with pytest.raises(WeightsUnavailable, match="no space left on device"):
        await runtime.fetch_model(endpoint_of(ollama), order(), Watcher())
    assert ollama.pulls == 1


async def test_a_line_that_is_no_json_ends_the_pull(runtime: OllamaRuntime, ollama: FakeOllama) -> None:
    ollama.switches = Switches(pull_fault=PullFault.GARBAGE)
    with pytest.raises(WeightsUnavailable, match="isn't JSON"):
        await runtime.fetch_model(endpoint_of(ollama), order(), Watcher())


async def test_a_model_that_the_registry_lacks_is_told(runtime: OllamaRuntime, ollama: FakeOllama) -> None:
    with pytest.raises(WeightsUnavailable, match="nosuch can't be fetched: pull model manifest: file does not exist"):
        await runtime.fetch_model(endpoint_of(ollama), order("nosuch"), Watcher())


async def test_an_error_of_the_watcher_is_its_own(runtime: OllamaRuntime, ollama: FakeOllama) -> None:
    def on_fetching(_fetching: Fetching) -> None:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        await runtime.fetch_model(endpoint_of(ollama), order(), on_fetching)


def test_foreign_progress_is_looked_at_before_it_is_believed() -> None:
    so_far = PullSoFar("m")
    so_far.take({"status": "pulling a", "digest": "a", "total": 100, "completed": 40})
    so_far.take({"status": "pulling a", "digest": "a", "total": "x", "completed": -1})
    assert so_far.fetching == Fetching("m", 40, 100)
    with pytest.raises(RuntimeBadAnswer):
        so_far.take({"status": None})
