"""Remote models on servers as people have them: real llama.cpp on another port, an Ollama, and one that redirects."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from dispatcher.errors import SettingsError
from dispatcher.settings import load_settings
from tests.fakes.inference_server import FakeInferenceServer
from tests.fakes.launched import KEY, REAL_COMMAND, launched
from tests.fakes.ollama_engine import FakeEngine
from tests.fakes.ollama_server import FakeOllama
from tests.fakes.real_weights import SMALL, cache_folder, fetched
from tests.integration.conftest import Client, StartSidecar
from tests.integration.remotes import LOOPBACK, enter, send
from tests.integration.waiting import until
from tests.unit.core.builders import spec


@pytest.fixture
async def client(start_sidecar: StartSidecar) -> Client:
    return await start_sidecar(spec(), remote_networks=LOOPBACK)


@pytest.mark.heavy
@pytest.mark.models
@pytest.mark.weights
@pytest.mark.parametrize("engine", ["openai", "llama.cpp"])
async def test_a_real_llama_cpp_elsewhere_answers(client: Client, tmp_path: Path, engine: str) -> None:
    model = await asyncio.to_thread(lambda: fetched(SMALL))
    assert model.parent == cache_folder()
    with launched(REAL_COMMAND, model, tmp_path, "--alias", "theirs", "--context-tokens", "1024") as server:
        await asyncio.to_thread(server.wait_until_ready)
        entry = {
            "id": "box",
            "engine": engine,
            "host": "remote",
            "url": server.endpoint.base_url,
            "reference": "theirs",
            "api_key": KEY,
            "parameters_b": 0.135,
            "context_tokens": 1024,
        }
        entered = await send(client, "POST", "/api/models", entry, 201)
        assert (entered["state"], entered["reason"]) == ("ready", None)
        wants = {"max_tokens": 12, "temperature": 0.0}
        reply = await client.ask("Say hello.", model="box", requirements=wants)
        assert reply["text"].strip()
        assert 0 < reply["usage"]["completion_tokens"] <= 12
        assert (await client.ask("Count: 1, 2, 3,", model="box", requirements=wants))["text"]
    reply = await client.ask("Say hello.", model="box", expect=502)
    assert reply["error"]["code"] == "runtime_unreachable"


async def test_an_ollama_in_the_lan_is_asked_by_its_own_names_and_told_nothing_of_loading(
    client: Client, tmp_path: Path
) -> None:
    (tmp_path / "theirs").write_bytes(b"GGUF" * 1000)
    shelf = {"theirs": tmp_path / "theirs"}
    with FakeOllama(registry=shelf, folder=tmp_path / "ollama", engine=FakeEngine) as ollama:
        entry = {"id": "lan", "engine": "ollama", "host": "remote", "url": f"{ollama.base_url}/api", "parameters_b": 3}
        absent = await send(client, "POST", "/api/models", {**entry, "reference": "theirs"}, 201)
        assert "ollama pull theirs" in absent["reason"]
        await asyncio.to_thread(ollama.shelf.pull, "theirs", lambda _event: None, lambda: None, lambda: None)
        model = await send(client, "PUT", "/api/models/lan", {**entry, "reference": "theirs"})
        assert (model["url"], model["state"], model["reason"]) == (ollama.base_url, "ready", None)
        reply = await client.ask(model="lan")
        assert (reply["decision"]["way"], bool(reply["text"])) == ("warm", True)
        (body,) = ollama.asked
        assert body["model"] == "theirs"
        assert "keep_alive" not in body
        assert not {"num_ctx", "num_thread"} & set(body["options"])


async def test_an_adopted_ollama_and_an_entered_one_dont_get_in_each_others_way(
    start_sidecar: StartSidecar, tmp_path: Path
) -> None:
    (tmp_path / "theirs").write_bytes(b"GGUF" * 1000)
    shelf = {"theirs": tmp_path / "theirs"}
    with FakeOllama(registry=shelf, folder=tmp_path / "ollama", engine=FakeEngine) as ollama:
        ollama.shelf.pull("theirs", lambda _event: None, lambda: None, lambda: None)
        client = await start_sidecar(spec(), ollama_url=ollama.base_url, remote_networks=LOOPBACK)
        async with FakeInferenceServer(model="vendor/mini", is_api=True) as api:
            await enter(client, api, api_key="fake-key")
            assert (await client.ask(model="cloud"))["text"]
            assert (await client.ask(model="ollama:theirs:latest"))["text"]
            assert (await client.get("/api/models/ollama:theirs:latest"))["url"] is None
            assert (await client.get("/ready"))["status"] == "ready"


@pytest.fixture
async def redirecting() -> AsyncIterator[tuple[str, list[str]]]:
    """A server that sends everybody to another one, and who came to that."""
    came: list[str] = []

    async def seen(request: web.Request) -> web.Response:
        came.append(request.path)
        return web.json_response({"data": [{"id": "vendor/mini"}]})

    target = web.Application()
    target.router.add_route("*", "/{path:.*}", seen)
    second = web.AppRunner(target)
    await second.setup()
    await web.TCPSite(second, "127.0.0.1", 0).start()
    place = f"http://127.0.0.1:{second.addresses[0][1]}/v1/models"

    async def elsewhere(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": place})

    source = web.Application()
    source.router.add_route("*", "/{path:.*}", elsewhere)
    first = web.AppRunner(source)
    await first.setup()
    await web.TCPSite(first, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{first.addresses[0][1]}/v1", came
    await first.cleanup()
    await second.cleanup()


async def test_a_server_that_redirects_is_not_followed(client: Client, redirecting: tuple[str, list[str]]) -> None:
    url, came = redirecting
    entry = {"id": "cloud", "engine": "openai", "url": url, "reference": "vendor/mini", "parameters_b": 8}
    model = await send(client, "POST", "/api/models", entry, 201)
    assert "isn't followed" in model["reason"]
    await client.ask(model="cloud", expect=503)
    assert came == []


@pytest.mark.heavy
async def test_a_server_that_takes_connections_and_says_nothing_holds_nothing_up(start_sidecar: StartSidecar) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as hole:
        url = f"http://127.0.0.1:{hole.sockets[0].getsockname()[1]}/v1"
        entry = {"id": "hole", "engine": "openai", "url": url, "reference": "vendor/mini", "parameters_b": 8}
        client = await start_sidecar(spec(), remote_networks=LOOPBACK)
        model = await send(client, "POST", "/api/models", entry, 201)
        assert "hasn't been asked yet" in model["reason"]
        assert (await client.ask(objective="best"))["model"] == "small"
        await client.close()
        again = await start_sidecar(spec(), remote_networks=LOOPBACK)
        assert (await again.ask(objective="best"))["model"] == "small"

        async def is_told() -> bool:
            return "didn't answer within" in (await again.get("/api/models/hole"))["reason"]

        await until(is_told, "it is told what is wrong", within_s=20)
        ready = await again.get("/ready")
        assert (ready["status"], ready["parts"]["remote"]["status"]) == ("degraded", "degraded")
        assert "hole" in ready["parts"]["remote"]["detail"]


@pytest.mark.parametrize("networks", ["banana", "10.0.0.0/33", "192.168.1.20/24"])
def test_networks_that_are_none_stop_the_start_in_words(networks: str) -> None:
    with pytest.raises(SettingsError, match=r"AI_DISPATCH_REMOTE_NETWORKS is .* is no network such as"):
        load_settings({"remote_networks": networks})


async def test_pulling_a_remote_model_has_nothing_to_do(client: Client) -> None:
    async with FakeInferenceServer(model="vendor/mini", is_api=True) as api:
        await enter(client, api, api_key="fake-key")
        headers = {"Authorization": f"Bearer {client.token('admin')}"}
        async with client.http.post("/api/models/cloud/pull", headers=headers) as response:
            assert "event: done" in await response.text()
