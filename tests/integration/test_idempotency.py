"""The same key twice is the same dispatch once."""

import asyncio
from pathlib import Path

import pytest

from tests.fakes.behaviour import mark
from tests.fakes.ledger import runs_of
from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import spec


async def keyed(client: Client, path: str, key: str, body: JSON, expect: int = 200) -> JSON:
    async with client.http.post(path, json=body, headers={"Idempotency-Key": key}) as response:
        reply: JSON = await response.json()
        assert response.status == expect, reply
        return reply


async def test_ten_at_once_with_one_key_are_one_execution_and_ten_equal_answers(
    start_sidecar: StartSidecar, tmp_path: Path
) -> None:
    client = await start_sidecar(spec(), behaviour={"ledger": str(tmp_path / "ledger")})
    for path in ("/api/dispatch", "/api/jobs?wait=25"):
        body = {"prompt": f"Ten times by {path}"}
        answers = await asyncio.gather(*(keyed(client, path, f"key of {path}", body) for _ in range(10)))
        assert all(answer == answers[0] for answer in answers)
        assert (await asyncio.to_thread(runs_of, tmp_path / "ledger"))[body["prompt"]] == 1


async def test_a_key_means_the_same_wherever_it_is_sent_and_however_the_body_is_written(client: Client) -> None:
    first = await keyed(client, "/api/dispatch", "k", {"prompt": "hi", "taskType": "chat", "stream": False})
    same: JSON = {"task_type": "chat", "prompt": "hi", "priority": 0, "idempotency_key": "k", "requirements": {}}
    again = await client.post("/api/jobs", same)
    assert again["result"] == first
    (in_batch,) = (await client.post("/api/jobs", {"jobs": [same]}))["jobs"]
    assert in_batch == again
    assert await keyed(client, "/api/jobs", "k", same) == again


async def test_another_body_under_the_same_key_is_refused(client: Client) -> None:
    await keyed(client, "/api/dispatch", "k", {"prompt": "hi"})
    other = {"prompt": "hi", "requirements": {"max_tokens": 5}}
    for path in ("/api/dispatch", "/api/jobs"):
        assert (await keyed(client, path, "k", other, expect=422))["error"]["code"] == "idempotency_conflict"
    (refused,) = (await client.post("/api/jobs", {"jobs": [{**other, "idempotency_key": "k"}]}))["jobs"]
    assert refused["error"]["message"].startswith("jobs[0]: idempotency_key: ")


async def test_a_stream_cannot_have_a_key_and_header_and_body_must_agree(client: Client) -> None:
    told = await keyed(client, "/api/dispatch", "k", {"prompt": "hi", "stream": True}, expect=422)
    assert told["error"]["message"].startswith("stream:")
    told = await keyed(client, "/api/jobs", "k", {"prompt": "hi", "idempotency_key": "l"}, expect=422)
    assert told["error"]["message"].startswith("Idempotency-Key:")
    told = await keyed(client, "/api/jobs", "k", {"jobs": [{"prompt": "hi"}]}, expect=422)
    assert told["error"]["message"].startswith("Idempotency-Key:")
    for key in ("", "k" * 201, "a\tb"):
        told = await keyed(client, "/api/dispatch", key, {"prompt": "hi"}, expect=422)
        assert told["error"]["message"].startswith("Idempotency-Key:")


async def test_an_error_is_given_again_too(client: Client) -> None:
    broken = {"prompt": f"x {mark(answer='no json')}", "requirements": {"format": "json"}}
    first = await keyed(client, "/api/dispatch", "k", broken, expect=502)
    assert first["error"]["code"] == "invalid_answer"
    assert await keyed(client, "/api/dispatch", "k", broken, expect=502) == first


@pytest.mark.heavy
async def test_who_left_and_asks_again_gets_the_answer_that_was_begun_for_them(
    start_sidecar: StartSidecar, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger"
    client = await start_sidecar(spec(), behaviour={"ledger": str(ledger), "token_delay_s": 0.05})
    body = {"prompt": "hi there"}
    leaver = asyncio.create_task(keyed(client, "/api/dispatch", "k", body))

    async def begun() -> bool:
        return bool(await asyncio.to_thread(runs_of, ledger))

    await until(begun, "the engine works on it")
    leaver.cancel()
    await asyncio.gather(leaver, return_exceptions=True)
    assert (await keyed(client, "/api/dispatch", "k", body))["text"]
    assert await asyncio.to_thread(runs_of, ledger) == {"hi there": 1}


async def test_a_known_key_gives_its_answer_also_when_nothing_new_would_be_taken(client: Client) -> None:
    body = {"prompt": "hi", "model": "small"}
    first = await keyed(client, "/api/dispatch", "k", body)
    admin = {"Authorization": f"Bearer {client.token('admin')}"}
    async with client.http.patch("/api/models/small", json={"enabled": False}, headers=admin) as response:
        assert response.status == 200
    assert await keyed(client, "/api/dispatch", "k", body) == first


async def test_a_dispatch_whose_answer_is_forgotten_says_so(client: Client) -> None:
    first = await keyed(client, "/api/jobs?wait=25", "k", {"prompt": "hi"})
    async with client.http.delete(f"/api/jobs/{first['job_id']}") as response:
        assert response.status == 200
    told = await keyed(client, "/api/dispatch", "k", {"prompt": "hi"}, expect=410)
    assert told["error"]["code"] == "job_expired"
