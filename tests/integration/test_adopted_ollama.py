"""An Ollama of someone else's is adopted: its models are offered, what it holds is warm, and nothing of it changes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dispatcher.core.embedding import EmbedRequest
from dispatcher.core.replica import ReplicaState
from dispatcher.core.task import Context, DispatchId, ModelId
from tests.fakes.ollama_engine import FakeEngine
from tests.fakes.ollama_server import FakeOllama
from tests.integration.conftest import Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import spec

MODEL = "ollama:theirs:latest"


@pytest.fixture
def ollama(tmp_path: Path) -> Iterator[FakeOllama]:
    with running_ollama(tmp_path) as running:
        yield running


@contextmanager
def running_ollama(tmp_path: Path) -> Iterator[FakeOllama]:
    (tmp_path / "theirs").write_bytes(b"GGUF" * 1000)
    registry = {"theirs": tmp_path / "theirs", "second": tmp_path / "theirs"}
    with FakeOllama(registry=registry, folder=tmp_path / "ollama", engine=FakeEngine) as running:
        running.shelf.pull("theirs", lambda _event: None, lambda: None, lambda: None)
        yield running


@pytest.fixture
async def client(start_sidecar: StartSidecar, ollama: FakeOllama) -> Client:
    return await start_sidecar(spec(), ollama_url=ollama.base_url)


async def post(client: Client, path: str, expect: int) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {client.token('admin')}"}
    async with client.http.post(path, headers=headers) as response:
        reply: dict[str, object] = await response.json()
        assert response.status == expect, reply
        return reply


async def state(client: Client) -> str:
    found: str = (await client.get(f"/api/models/{MODEL}"))["state"]
    return found


async def test_its_models_are_offered_and_answer(client: Client, ollama: FakeOllama) -> None:
    model = await client.get(f"/api/models/{MODEL}")
    assert (model["host"], model["engine"], model["reference"]) == ("remote", "ollama", "theirs:latest")
    reply = await client.ask(model=MODEL)
    assert reply["decision"]["way"] == "load"
    assert reply["text"]
    assert (await client.ask(model=MODEL))["decision"]["way"] == "warm"
    assert (await client.get("/api/containers"))["memory_reserved_mib"] == 0


async def test_its_models_answer_in_its_own_words_under_their_own_names(client: Client, ollama: FakeOllama) -> None:
    assert MODEL in [row["name"] for row in (await client.get("/api/tags"))["models"]]
    assert (await client.post("/api/show", {"model": "theirs"}))["capabilities"][0] == "completion"
    said = [{"role": "user", "content": "Name a colour."}]
    options = {"temperature": 0.5, "top_k": 40, "seed": 7, "stop": ["x"], "num_ctx": 9, "num_predict": 50}
    body = {"model": "theirs", "messages": said, "options": options, "keep_alive": 0, "stream": False}
    reply = await client.post("/api/chat", body)
    assert (reply["model"], reply["done_reason"]) == (MODEL, "stop")
    passed_on = ollama.asked[-1]["options"]
    assert {name: passed_on[name] for name in ("temperature", "top_k", "seed", "stop")} == {
        name: options[name] for name in ("temperature", "top_k", "seed", "stop")
    }
    assert "num_ctx" not in passed_on
    (row,) = (await client.get("/api/ps"))["models"]
    assert (row["name"], row["expires_at"] > "2100") == (MODEL, True)
    assert (await client.post("/api/generate", {"model": MODEL}))["done_reason"] == "load"


async def test_how_it_loads_and_for_how_long_is_its_owners_to_say(client: Client, ollama: FakeOllama) -> None:
    await client.ask(model=MODEL)
    (body,) = ollama.asked
    assert "keep_alive" not in body
    assert not {"num_ctx", "num_thread"} & set(body["options"])


@pytest.mark.heavy
async def test_what_it_holds_already_is_warm_and_what_it_unloads_is_cold(
    start_sidecar: StartSidecar, ollama: FakeOllama
) -> None:
    with ollama.scheduler.lent("theirs:latest", ollama.shelf.weights("theirs:latest"), {}, -1):
        pass  # someone else asked it
    client = await start_sidecar(spec(), ollama_url=ollama.base_url)
    (one,) = (await client.get("/api/containers"))["containers"]
    assert (one["model"], one["state"], one["host"]) == (MODEL, "ready", "remote")
    assert (await client.ask(model=MODEL))["decision"]["way"] == "warm"
    await asyncio.to_thread(ollama.scheduler.unload, "theirs:latest")

    async def is_cold() -> bool:
        return await state(client) == "stopped"

    await until(is_cold, "it is seen to be unloaded")
    assert (await client.ask(model=MODEL))["decision"]["way"] == "load"


@pytest.mark.heavy
async def test_a_model_that_comes_or_goes_there_comes_or_goes_here(client: Client, ollama: FakeOllama) -> None:
    await asyncio.to_thread(ollama.shelf.pull, "second", lambda _event: None, lambda: None, lambda: None)

    async def names() -> set[str]:
        return {model["id"] for model in (await client.get("/api/models"))["models"]}

    async def has_come() -> bool:
        return "ollama:second:latest" in await names()

    await until(has_come, "the new model is offered")
    await asyncio.to_thread(ollama.shelf.delete, "second")

    async def has_gone() -> bool:
        return "ollama:second:latest" not in await names()

    await until(has_gone, "the deleted model is forgotten")


async def test_stopping_or_removing_it_is_refused_in_plain_words(client: Client) -> None:
    await client.ask(model=MODEL)
    reply = await post(client, f"/api/models/{MODEL}/stop", expect=409)
    assert "someone else runs" in str(reply["error"])
    (one,) = [replica for replica in client.sidecar.fleet if replica.model_id == MODEL]
    await post(client, f"/api/containers/{one.id}/stop", expect=409)
    assert one.state is ReplicaState.READY


async def test_a_disabled_model_stays_so_after_a_restart(start_sidecar: StartSidecar, ollama: FakeOllama) -> None:
    first = await start_sidecar(spec(), ollama_url=ollama.base_url)
    headers = {"Authorization": f"Bearer {first.token('admin')}"}
    async with first.http.patch(f"/api/models/{MODEL}", json={"enabled": False}, headers=headers) as response:
        assert response.status == 200
    await first.close()
    again = await start_sidecar(spec(), folder=first.folder, ollama_url=ollama.base_url)
    assert not (await again.get(f"/api/models/{MODEL}"))["enabled"]


async def test_without_it_the_sidecar_starts_and_says_so(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), ollama_url="http://127.0.0.1:9")
    assert (await client.ask())["model"] == "small"
    assert (await client.get("/ready"))["parts"]["remote"]["status"] == "degraded"


@pytest.mark.heavy
async def test_one_that_goes_away_is_told_and_its_models_are_not_started(
    start_sidecar: StartSidecar, tmp_path: Path
) -> None:
    with running_ollama(tmp_path) as ollama:
        client = await start_sidecar(spec(), ollama_url=ollama.base_url)
        await client.ask(model=MODEL)
    assert (await client.ask(model=MODEL, expect=502))["error"]["code"] == "runtime_unreachable"

    async def told() -> bool:
        return bool((await client.get("/ready"))["parts"]["remote"]["status"] == "degraded")

    await until(told, "/ready says that it is silent")
    reply = await client.ask(model=MODEL, expect=503)
    assert reply["error"]["code"] == "host_unreachable"
    assert (await client.ask(model="small"))["text"]


async def test_prompts_that_must_stay_local_go_there_only_where_it_is_local(
    start_sidecar: StartSidecar, ollama: FakeOllama
) -> None:
    local = {"model": MODEL, "requirements": {"privacy": "local"}}
    here = await start_sidecar(spec(), ollama_url=ollama.base_url)
    assert (await here.ask(**local))["text"]
    await here.close()
    elsewhere = await start_sidecar(spec(), folder=here.folder, ollama_url=ollama.base_url, ollama_is_local=False)
    reply = await elsewhere.ask(**local, expect=422)
    assert "privacy" in reply["error"]["message"]


async def test_its_models_for_embeddings_embed_and_answer_no_prompts(
    start_sidecar: StartSidecar, tmp_path: Path
) -> None:
    (tmp_path / "theirs").write_bytes(b"GGUF" * 1000)
    registry = {"nomic-embed-text": tmp_path / "theirs"}
    with FakeOllama(registry=registry, folder=tmp_path / "ollama", engine=FakeEngine) as ollama:
        ollama.shelf.pull("nomic-embed-text", lambda _event: None, lambda: None, lambda: None)
        client = await start_sidecar(spec(), ollama_url=ollama.base_url)
        name = "ollama:nomic-embed-text:latest"
        model = await client.get(f"/api/models/{name}")
        assert (model["task_types"], model["capabilities"]) == (["embedding"], ["embedding"])
        request = EmbedRequest(("one", "two words"), ModelId(name), 20.0, Context())
        done = await client.sidecar.embedder.embed(DispatchId("dsp_1"), request)
        assert (done.model_id, done.vectors.size, done.vectors.prompt_tokens) == (name, 8, 7)
        assert ollama.asked[0] == {
            "model": "nomic-embed-text:latest",
            "input": ["one", "two words"],
            "truncate": True,
            "options": {},
        }
        reply = await client.ask(model=name, expect=422)
        assert "it can't do" in reply["error"]["message"]
