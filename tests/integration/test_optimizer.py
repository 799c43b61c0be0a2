"""The optimizer over HTTP: it suggests, an admin applies, and it can be taken back."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from dispatcher.store.dispatches import record_dispatch
from tests.integration.conftest import JSON, Client, StartSidecar
from tests.unit.core.builders import spec
from tests.unit.store.notes import writing_connection
from tests.unit.store.records import a_record

Ask = Callable[..., Awaitable[JSON]]


@pytest.fixture
async def client(start_sidecar: StartSidecar) -> Client:
    """A sidecar whose one model was used by the hour for two days, far below its context."""
    started = await start_sidecar(spec(context_tokens=16_384))
    for hour in range(48):
        record_dispatch(started.sidecar.database, a_record(f"d{hour}", started_at=time.time() - hour * 3600.0))
    await writing_connection(started.sidecar.database)
    return started


@pytest.fixture
async def admin(client: Client) -> AsyncIterator[Ask]:
    """Asks with the admin token."""
    headers = {"Authorization": f"Bearer {client.token('admin')}"}
    async with aiohttp.ClientSession(client.sidecar.base_url, headers=headers) as http:

        async def ask(method: str, path: str, body: object = None, expect: int = 200) -> JSON:
            async with http.request(method, path, json=body) as response:
                reply: JSON = await response.json()
                assert response.status == expect, reply
                return reply

        yield ask


async def test_a_suggestion_is_applied_by_a_click_and_taken_back_by_another(client: Client, admin: Ask) -> None:
    report = await admin("POST", "/api/optimizer/run")
    (rule,) = (one for one in report["rules"] if one["kind"] == "context_tokens")
    assert (rule["state"], rule["before"], rule["after"], rule["author"]) == ("proposed", 16_384, 1024, "optimizer")
    assert report["rankings"][0]["numbers"]["dispatches"] == 48
    assert (await client.get("/api/models/small"))["context_tokens"] == 16_384
    applied = await admin("POST", f"/api/rules/{rule['id']}/apply")
    assert (applied["state"], applied["numbers_before"]["dispatches"]) == ("applied", 48)
    assert (await client.get("/api/models/small"))["context_tokens"] == 1024
    assert (await client.ask())["model"] == "small"
    await admin("POST", f"/api/rules/{rule['id']}/rollback")
    assert (await client.get("/api/models/small"))["context_tokens"] == 16_384
    listed = await client.get("/api/rules")
    assert {one["id"]: one["state"] for one in listed["rules"]}[rule["id"]] == "rolled_back"
    assert listed["rankings"] == report["rankings"]


async def test_a_pin_and_an_idle_time_hold_for_the_replica_that_runs(client: Client, admin: Ask) -> None:
    await client.ask()
    for kind, value in (("is_pinned", 1), ("idle_stop_s", 77)):
        made = await admin("POST", "/api/rules", {"kind": kind, "model": "small", "value": value}, expect=201)
        await admin("POST", f"/api/rules/{made['id']}/apply")
    (replica,) = client.sidecar.fleet
    assert (replica.spec.is_pinned, replica.spec.idle_stop_s) == (True, 77)


async def test_what_cannot_be_done_is_told(admin: Ask) -> None:
    assert (await admin("POST", "/api/rules/7/apply", expect=404))["error"]["code"] == "rule_not_found"
    assert (await admin("POST", "/api/rules/x/rollback", expect=404))["error"]["code"] == "rule_not_found"
    body = {"kind": "slots", "model": "small", "value": 0}
    assert (await admin("POST", "/api/rules", body, expect=422))["error"]["code"] == "invalid_request"
    assert (await admin("POST", "/api/optimizer/run", {"verbs": ["dance"]}, expect=422))["error"]["code"]
    made = await admin("POST", "/api/rules", {**body, "value": 2}, expect=201)
    unapplied = await admin("POST", f"/api/rules/{made['id']}/rollback", expect=409)
    assert unapplied["error"]["code"] == "rule_conflict"


async def test_the_rankers_are_listed_with_the_prior_first_and_live(client: Client, admin: Ask) -> None:
    first = (await client.get("/api/rankers"))["rankers"][0]
    assert (first["id"], first["state"]) == ("prior", "live")
    assert (await admin("POST", "/api/rankers/prior/promote", expect=409))["error"]["code"] == "ranker_conflict"
    assert (await admin("POST", "/api/rankers/nobody/promote", expect=404))["error"]["code"] == "ranker_not_found"
