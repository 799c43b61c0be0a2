"""Models that an admin enters and someone else runs: an API, a server in the LAN, another Ollama."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from dispatcher.core.embedding import EmbedRequest
from dispatcher.core.replica import ReplicaState
from dispatcher.core.task import Context, DispatchId, ModelId
from dispatcher.errors import HostUnreachable, RateLimited, RuntimeRateLimited
from tests.fakes.behaviour import Behaviour, Fault
from tests.fakes.inference_server import FakeInferenceServer
from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.remotes import KEY, LOOPBACK, enter, entry_of, send
from tests.integration.waiting import until
from tests.unit.core.builders import spec


@pytest.fixture
async def api() -> AsyncIterator[FakeInferenceServer]:
    async with FakeInferenceServer(api_key=KEY, model="vendor/mini", is_api=True, slots=8) as running:
        yield running


@pytest.fixture
async def client(start_sidecar: StartSidecar) -> Client:
    return await start_sidecar(spec(), remote_networks=LOOPBACK)


async def test_an_entered_api_is_warm_at_once_and_answers(client: Client, api: FakeInferenceServer) -> None:
    model = await enter(client, api)
    assert (model["host"], model["state"], model["reason"]) == ("remote", "ready", None)
    assert (model["has_api_key"], model["local"], model["memory_mib"]) == (True, False, 0)
    reply = await client.ask(model="cloud")
    assert reply["text"]
    assert reply["decision"]["way"] == "warm"
    (asked,) = api.asked
    assert asked["model"] == "vendor/mini"
    assert {path for path, _ in api.calls} == {"/v1/models", "/v1/chat/completions"}
    assert {key for _, key in api.calls} == {f"Bearer {KEY}"}
    assert (await client.get("/api/containers"))["memory_reserved_mib"] == 0


async def test_a_strict_api_is_sent_nothing_that_only_llama_cpp_knows(client: Client, api: FakeInferenceServer) -> None:
    await enter(client, api)
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    await client.ask(model="cloud", requirements={"temperature": 0.5, "format": "json"})
    await client.ask(model="cloud", requirements={"format": schema})
    assert all("return_progress" not in body for body in api.asked)


async def test_the_key_is_nowhere_but_in_the_request_to_its_server(
    client: Client, api: FakeInferenceServer, capfd: pytest.CaptureFixture[str]
) -> None:
    await enter(client, api)
    await send(client, "POST", "/api/models", entry_of(api), 409)
    await send(client, "POST", "/api/models", entry_of(api, id="x", api_key=f"{KEY}\n"), 422)
    await send(client, "POST", "/api/models", entry_of(api, id="x", api_key=[KEY]), 422)
    await send(client, "PUT", "/api/models/cloud", entry_of(api, url="ftp://x"), 422)
    api.behaviour = Behaviour(fault=Fault.STATUS, status=401)
    await client.ask(model="cloud", expect=502)
    for path in ("/api/models", "/api/models/cloud", "/metrics", "/openapi.json", "/ready", "/api/containers"):
        async with client.http.get(path) as response:
            assert KEY not in await response.text()
    told = capfd.readouterr()
    assert KEY not in told.out + told.err


async def test_the_key_stays_when_the_entry_changes_and_goes_when_its_place_does(
    client: Client, api: FakeInferenceServer
) -> None:
    await enter(client, api)
    kept = await send(client, "PUT", "/api/models/cloud", entry_of(api, api_key=None, parameters_b=9))
    assert (kept["has_api_key"], kept["state"], kept["reason"]) == (True, "ready", None)
    async with FakeInferenceServer(api_key="other", model="vendor/mini", is_api=True) as elsewhere:
        moved = await send(client, "PUT", "/api/models/cloud", entry_of(elsewhere, api_key=None))
        assert moved["has_api_key"] is False
        assert "wants a key" in moved["reason"]
        await client.ask(model="cloud", expect=503)
        assert {key for _, key in elsewhere.calls} == {None}
        back = await send(client, "PUT", "/api/models/cloud", entry_of(api, api_key=None))
        assert back["has_api_key"] is False


async def test_a_key_can_be_taken_away_and_goes_with_its_model(client: Client, api: FakeInferenceServer) -> None:
    await enter(client, api)
    assert (await send(client, "PUT", "/api/models/cloud", entry_of(api, api_key="")))["has_api_key"] is False
    await send(client, "PUT", "/api/models/cloud", entry_of(api))
    await send(client, "DELETE", "/api/models/cloud")
    assert (await enter(client, api, api_key=None))["has_api_key"] is False


async def test_entries_and_keys_outlive_a_restart(start_sidecar: StartSidecar, api: FakeInferenceServer) -> None:
    first = await start_sidecar(spec(), remote_networks=LOOPBACK)
    await enter(first, api, requests_per_minute=5, usd_per_mtok=0.5, local=True)
    before = await first.get("/api/models/cloud")
    await first.close()
    second = await start_sidecar(spec(), remote_networks=LOOPBACK)

    async def is_warm() -> bool:
        return bool((await second.get("/api/models/cloud"))["state"] == "ready")

    await until(is_warm, "the server has been asked again")
    assert await second.get("/api/models/cloud") == before
    assert (await second.ask(model="cloud"))["text"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"api_key": "sk-wrong"}, "doesn't accept its api_key"),
        ({"api_key": None}, "wants a key"),
        ({"url": "http://127.0.0.1:1/v1"}, "nothing listens there"),
        ({"url": "http://nowhere.invalid/v1"}, "name isn't known"),
    ],
)
async def test_an_entry_that_cant_work_says_what_is_wrong(
    client: Client, api: FakeInferenceServer, changes: JSON, word: str
) -> None:
    model = await enter(client, api, **changes)
    assert word in model["reason"]
    assert model["state"] != "ready"
    reply = await client.ask(model="cloud", expect=503)
    assert word in reply["error"]["message"]
    assert api.asked == []
    assert (await client.ask())["model"] == "small"


async def test_a_name_its_server_doesnt_list_is_remarked_on_and_may_work(
    client: Client, api: FakeInferenceServer
) -> None:
    model = await enter(client, api, reference="vendor/typo")
    assert "doesn't list a model vendor/typo" in model["reason"]
    assert model["state"] == "ready"
    reply = await client.ask(model="cloud", expect=502)
    assert reply["error"]["code"] == "runtime_denied"
    assert "doesn't know the model" in reply["error"]["message"]
    assert "doesn't know the model" in (await client.get("/api/models/cloud"))["reason"]


async def test_a_server_that_comes_back_is_used_when_its_model_is_started(
    client: Client, api: FakeInferenceServer
) -> None:
    api.behaviour = Behaviour()
    await enter(client, api, api_key="sk-wrong")
    await send(client, "PUT", "/api/models/cloud", entry_of(api, api_key=None))
    await send(client, "POST", "/api/models/cloud/start", expect=503)
    await send(client, "PUT", "/api/models/cloud", entry_of(api))
    assert (await send(client, "POST", "/api/models/cloud/start", expect=202))["state"] == "ready"
    reply = await send(client, "POST", "/api/models/cloud/stop", expect=409)
    assert "disable it instead" in reply["error"]["message"]


async def test_after_429_the_model_is_left_out_for_as_long_as_it_says(client: Client, api: FakeInferenceServer) -> None:
    await enter(client, api)
    api.behaviour = Behaviour(fault=Fault.STATUS, status=429, headers={"Retry-After": "37"})
    async with client.http.post("/api/dispatch", json={"prompt": "Hello", "model": "cloud"}) as response:
        assert response.status == 429
        assert response.headers["Retry-After"] == "37"
        assert (await response.json())["error"]["code"] == "runtime_rate_limited"
    api.behaviour = Behaviour()
    async with client.http.post("/api/dispatch", json={"prompt": "Hello", "model": "cloud"}) as response:
        error = (await response.json())["error"]
        assert (response.status, error["code"], error["retryable"]) == (429, "rate_limited", True)
        assert 30 <= int(response.headers["Retry-After"]) <= 37
    assert len(api.asked) == 1
    replica = next(one for one in client.sidecar.fleet if one.model_id == "cloud")
    assert (replica.state, replica.breaker.faults) == (ReplicaState.READY, 0)
    reply = await client.ask(objective="best")
    assert reply["model"] == "small"
    (refused,) = reply["decision"]["refused"]
    assert (refused["model"], refused["reason"]) == ("cloud", "rate_limit")


@pytest.mark.parametrize(("status", "headers"), [(429, None), (503, {"Retry-After": "5"}), (402, None), (403, None)])
async def test_a_caller_who_has_pinned_nothing_falls_back(
    client: Client, api: FakeInferenceServer, status: int, headers: dict[str, str] | None
) -> None:
    await enter(client, api)
    api.behaviour = Behaviour(fault=Fault.STATUS, status=status, headers=headers)
    reply = await client.ask(objective="best", explore=False)
    assert [attempt["model"] for attempt in reply["attempts"]] == ["cloud", "small"]
    assert (await client.ask(objective="best"))["attempts"][0]["model"] == "small"
    assert len(api.asked) == 1


async def test_our_own_limit_is_kept_whoever_comes_at_once(client: Client, api: FakeInferenceServer) -> None:
    await enter(client, api, requests_per_minute=3)

    async def ask() -> int:
        body = {"prompt": "Hello", "model": "cloud"}
        async with client.http.post("/api/dispatch", json=body) as response:
            await response.read()
            return response.status

    assert sorted(await asyncio.gather(*(ask() for _ in range(10)))) == [200] * 3 + [429] * 7
    assert len(api.asked) == 3
    assert "3 times a minute" in (await client.get("/api/models/cloud"))["reason"]
    assert (await client.ask(objective="best"))["model"] == "small"


async def test_what_must_stay_local_never_goes_there(client: Client, api: FakeInferenceServer) -> None:
    await enter(client, api)
    local: JSON = {"requirements": {"privacy": "local"}}
    assert (await client.ask(objective="best", **local))["model"] == "small"
    reply = await client.ask(model="cloud", expect=422, **local)
    assert reply["error"]["code"] == "unsatisfiable"
    assert api.asked == []
    await send(client, "PUT", "/api/models/cloud", entry_of(api, local=True))
    assert (await client.ask(objective="best", **local))["model"] == "cloud"


async def test_what_must_stay_local_neither_falls_back_nor_explores_to_there(
    start_sidecar: StartSidecar, api: FakeInferenceServer
) -> None:
    broken = {"fault": "status", "status": 500}
    client = await start_sidecar(spec(), behaviour=broken, remote_networks=LOOPBACK, exploration=0.2, seed=1)
    await enter(client, api)
    for _ in range(15):
        await client.ask(expect=502, requirements={"privacy": "local"})
    assert api.asked == []
    assert (await client.ask(requirements={"privacy": "any"}))["model"] == "cloud"


async def test_the_price_counts_in_the_choice_and_keeps_to_the_limit(client: Client, api: FakeInferenceServer) -> None:
    await enter(client, api, usd_per_mtok=1000)
    free: JSON = {"explore": False}
    dear = await client.ask(objective="best", model="cloud", **free)
    cost = dear["decision"]["forecast"]["cost_usd"]
    assert cost == pytest.approx(1000e-6 * 200, rel=2)
    reply = await client.ask(model="cloud", expect=422, requirements={"max_cost": cost / 100})
    assert "max_cost" in reply["error"]["message"]
    assert (await client.ask(objective="best", requirements={"max_cost": 0.001}, **free))["model"] == "small"
    await send(client, "PUT", "/api/models/cloud", entry_of(api, usd_per_mtok=1))
    assert (await client.ask(objective="cheapest", **free))["model"] == "small"


async def test_a_server_that_hangs_up_is_asked_again_how_it_does_but_seldom(
    client: Client, api: FakeInferenceServer
) -> None:
    await enter(client, api)
    api.behaviour = Behaviour(fault=Fault.RESET)
    for _ in range(5):
        reply = await client.ask(objective="best", explore=False)
        assert reply["model"] == "small"
    assert [path for path, _ in api.calls].count("/v1/models") <= 2


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"host": "remote", "url": None}, "url"),
        ({"host": "docker"}, "host"),
        ({"engine": "ollama", "host": "docker", "reference": "a:b"}, "url"),
        ({"engine": "embedded", "host": "remote"}, "engine"),
        ({"reference": "with blank"}, "reference"),
        ({"reference": "-flag"}, "reference"),
        ({"url": "http://user:pass@127.0.0.1/v1"}, "url"),
        ({"url": "http://10.1.2.3/v1"}, "AI_DISPATCH_REMOTE_NETWORKS"),
        ({"url": "http://169.254.169.254/v1"}, "url"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"usd_per_mtok": -1}, "usd_per_mtok"),
    ],
)
async def test_a_bad_entry_is_refused_with_the_field_named(
    client: Client, api: FakeInferenceServer, body: JSON, word: str
) -> None:
    reply = await send(client, "POST", "/api/models", entry_of(api, **body), 422)
    assert word in reply["error"]["message"]
    assert api.calls == []


async def test_a_remote_model_embeds_and_its_limits_hold_there_too(client: Client, api: FakeInferenceServer) -> None:
    await enter(client, api, capabilities=["embedding"], requests_per_minute=1)
    long = "word " * 4000
    request = EmbedRequest(("Hello", long), ModelId("cloud"), 20.0, Context())
    embedded = await client.sidecar.embedder.embed(DispatchId("dsp_1"), request)
    assert len(embedded.vectors.vectors) == 2
    (asked,) = api.asked
    assert (asked["model"], asked["input"]) == ("vendor/mini", ["Hello", long])
    assert {path for path, _ in api.calls} == {"/v1/models", "/v1/embeddings"}
    with pytest.raises(RateLimited):
        await client.sidecar.embedder.embed(DispatchId("dsp_2"), request)
    await send(client, "PUT", "/api/models/cloud", entry_of(api, capabilities=["embedding"], api_key="sk-wrong"))
    with pytest.raises(HostUnreachable):
        await client.sidecar.embedder.embed(DispatchId("dsp_3"), request)


@pytest.mark.parametrize("reference", ["gpt-4o-mini", "anthropic/claude-x:beta", "@cf/meta/llama", "ft:m:org::id"])
async def test_names_that_real_apis_use_are_taken(client: Client, api: FakeInferenceServer, reference: str) -> None:
    assert (await enter(client, api, reference=reference))["reference"] == reference


async def test_a_remote_model_for_embeddings_that_is_limited_is_left_in_peace(
    client: Client, api: FakeInferenceServer
) -> None:
    await enter(client, api, capabilities=["embedding"])
    api.behaviour = Behaviour(fault=Fault.STATUS, status=429)
    request = EmbedRequest(("one",), ModelId("cloud"), 20.0, Context())
    with pytest.raises(RuntimeRateLimited):
        await client.sidecar.embedder.embed(DispatchId("dsp_1"), request)
    with pytest.raises(RateLimited) as caught:
        await client.sidecar.embedder.embed(DispatchId("dsp_2"), request)
    assert caught.value.retry_after_s is not None
    assert len(api.asked) == 1
