"""What an admin does with models: enter, change, switch, forget, start and stop."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import big, spec


@dataclass(frozen=True, slots=True)
class Admin:
    """A caller with the admin token."""

    client: Client
    http: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: object = None, expect: int = 200) -> JSON:
        """Send a request; check the status."""
        async with self.http.request(method, path, json=body) as response:
            reply: JSON = await response.json()
            assert response.status == expect, reply
            return reply


@pytest.fixture
async def admin(client: Client) -> AsyncIterator[Admin]:
    """The owner of a sidecar with a small and a big model."""
    headers = {"Authorization": f"Bearer {client.token('admin')}"}
    async with aiohttp.ClientSession(client.sidecar.base_url, headers=headers) as http:
        yield Admin(client, http)


def entry(**changes: object) -> JSON:
    """A second name for the small model's file."""
    values = {"id": "mine", "engine": "embedded", "reference": "small", "host": "process", "parameters_b": 0.2}
    return {**values, **changes}


async def states(client: Client) -> dict[str, str]:
    return {model["id"]: model["state"] for model in (await client.get("/api/models"))["models"]}


async def test_a_model_that_is_entered_answers_and_stays_after_a_restart(
    admin: Admin, start_sidecar: StartSidecar
) -> None:
    made = await admin.call("POST", "/api/models", entry(contextTokens=2048), expect=201)
    assert (made["id"], made["context_tokens"], made["weights"]) == ("mine", 2048, "present")
    assert (await admin.client.ask(model="mine"))["model"] == "mine"
    folder = admin.client.folder
    await admin.client.close()
    again = await start_sidecar(folder=folder)
    assert (await again.get("/api/models/mine"))["context_tokens"] == 2048


async def test_the_same_id_twice_is_a_conflict(admin: Admin) -> None:
    await admin.call("POST", "/api/models", entry(), expect=201)
    reply = await admin.call("POST", "/api/models", entry(), expect=409)
    assert "PUT" in reply["error"]["message"]


async def test_a_model_entered_anew_is_served_anew(admin: Admin) -> None:
    await admin.call("POST", "/api/models", entry(), expect=201)
    await admin.client.ask(model="mine")
    await admin.call("PUT", "/api/models/mine", entry(context_tokens=1024))

    async def drained() -> bool:
        return (await states(admin.client))["mine"] == "stopped"

    await until(drained, "the old replica is gone")
    assert (await admin.client.ask(model="mine"))["decision"]["way"] == "load"
    assert (await admin.client.get("/api/models/mine"))["context_tokens"] == 1024


async def test_a_disabled_model_is_not_chosen_and_says_so(admin: Admin) -> None:
    assert (await admin.call("PATCH", "/api/models/big", {"enabled": False}))["enabled"] is False
    reply = await admin.client.ask(model="big", expect=503)
    assert "disabled" in reply["error"]["message"]
    await admin.call("PATCH", "/api/models/big", {"enabled": True})
    assert (await admin.client.ask(model="big"))["text"]


async def test_a_pinned_model_is_neither_evicted_nor_stopped_for_idleness(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(is_pinned=True), big(), memory_mib=2000, idle_stop_s=0.1)
    await client.ask(model="small")
    reply = await client.ask(model="big", expect=503)
    assert "can be freed" in reply["error"]["message"]
    assert (await states(client))["small"] == "ready"


async def test_a_model_that_an_admin_entered_can_be_forgotten_and_a_shipped_one_not(admin: Admin) -> None:
    await admin.call("POST", "/api/models", entry(), expect=201)
    left = await admin.call("DELETE", "/api/models/mine")
    assert [model["id"] for model in left["models"]] == ["big", "small"]
    reply = await admin.call("DELETE", "/api/models/small", expect=409)
    assert "disable it instead" in reply["error"]["message"]
    await admin.call("DELETE", "/api/models/mine", expect=404)


async def test_a_model_is_started_and_stopped_by_hand(admin: Admin) -> None:
    await admin.call("POST", "/api/models/small/start", expect=202)

    async def is_ready() -> bool:
        return (await states(admin.client))["small"] == "ready"

    async def is_stopped() -> bool:
        return (await states(admin.client))["small"] == "stopped"

    await until(is_ready, "small is ready")
    assert (await admin.client.ask(model="small"))["decision"]["way"] == "warm"
    await admin.call("POST", "/api/models/small/start", expect=202)
    (only,) = (await admin.client.get("/api/containers"))["containers"]
    stop = f"/api/containers/{only['id']}/stop"
    await admin.call("POST", stop)
    await until(is_stopped, "small is stopped")
    assert (await admin.call("POST", stop, expect=404))["error"]["code"] == "container_not_found"
    await admin.client.ask(model="small")
    await admin.call("POST", "/api/models/small/stop", expect=202)
    await until(is_stopped, "small is stopped again")


async def test_a_start_by_hand_ends_a_quarantine(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), behaviour={"exit_at_start": 3})
    await client.ask(expect=503)
    assert (await client.get("/api/models/small"))["quarantine"]
    headers = {"Authorization": f"Bearer {client.token('admin')}"}
    async with client.http.post("/api/models/small/start", headers=headers) as response:
        assert response.status == 202
        assert (await response.json())["quarantine"] is None


_BAD_ENTRIES = [
    ({"id": "Upper"}, "id"),
    ({"id": "-flag"}, "id"),
    ({"id": "a" * 101}, "id"),
    ({"engine": "magic"}, "engine"),
    ({"reference": "nobody"}, "reference"),
    ({"reference": "--flag"}, "reference"),
    ({"reference": "../small"}, "reference"),
    ({"engine": "ollama", "host": "docker", "reference": "evil.host/library/m"}, "reference"),
    ({"engine": "ollama", "host": "docker", "reference": "evil.host:5000/m"}, "reference"),
    ({"engine": "ollama", "host": "process", "reference": "llama3.2:3b"}, "host"),
    ({"engine": "vllm", "host": "docker", "reference": "justaname"}, "reference"),
    ({"engine": "ollama", "host": "docker", "reference": "llama3.2:3b"}, "host"),
    ({"parameters_b": 0}, "parameters_b"),
    ({"context_tokens": 10}, "context_tokens"),
    ({"slots": 0}, "slots"),
    ({"binds": ["/:/host"]}, "binds"),
    ({"privileged": True}, "privileged"),
    ({"env": {}}, "env"),
    ({"entrypoint": "sh"}, "entrypoint"),
    ({"image": "evil/image"}, "image"),
]


async def test_a_bad_entry_is_told_by_field_and_enters_nothing(admin: Admin) -> None:
    for change, named in _BAD_ENTRIES:
        reply = await admin.call("POST", "/api/models", entry(**change), expect=422)
        assert reply["error"]["message"].startswith(f"{named}: ")
        assert sorted(await states(admin.client)) == ["big", "small"]


async def test_an_id_never_changes(admin: Admin) -> None:
    await admin.call("POST", "/api/models", entry(), expect=201)
    reply = await admin.call("PUT", "/api/models/mine", entry(id="other"), expect=422)
    assert "ids don't change" in reply["error"]["message"]
