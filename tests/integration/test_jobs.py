"""POST /api/jobs and its kin, end to end over child processes."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.fakes.behaviour import mark
from tests.fakes.ledger import runs_of, unended_in
from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import spec


async def submit(client: Client, body: object, expect: int, wait: float = 0, **headers: str) -> JSON:
    async with client.http.post(f"/api/jobs?wait={wait}", json=body, headers=headers) as response:
        reply: JSON = await response.json()
        assert response.status == expect, reply
        return reply


async def collected(client: Client, ids: list[str]) -> dict[str, JSON]:
    """All of these jobs, once they are finished."""
    got: dict[str, JSON] = {}
    async with asyncio.timeout(60):
        while left := [one for one in ids if one not in got]:
            reply = await client.post("/api/jobs/collect", {"ids": left, "wait": 10})
            got |= {one["job_id"]: one for one in reply["jobs"]}
    return got


async def test_a_job_is_taken_at_once_and_answered_later(client: Client) -> None:
    taken = await submit(client, {"prompt": "Name a colour."}, expect=202)
    assert (taken["state"], taken["result"], taken["error"]) == ("queued", None, None)
    assert taken["job_id"].startswith("j_")
    done = (await collected(client, [taken["job_id"]]))[taken["job_id"]]
    assert done["state"] == "done"
    assert done["result"]["text"]
    assert done["dispatch_id"] == done["result"]["dispatch_id"]
    assert done["created_at"] == taken["created_at"] < done["finished_at"] < done["deadline_at"]


async def test_who_waits_gets_the_answer_with_the_first_reply(client: Client) -> None:
    done = await submit(client, {"prompt": "Name a colour."}, expect=200, wait=25)
    assert done["result"]["model"] in ("small", "big")
    again = await client.get(f"/api/jobs/{done['job_id']}")
    assert again == done


async def test_a_batch_comes_back_in_order_and_a_bad_item_loses_no_other(client: Client) -> None:
    await client.ask(model="small")
    bodies: list[JSON] = [{"prompt": f"Say {n}.", "model": "small"} for n in range(20)]
    bodies[3] = {"prompt": ""}
    bodies[5] = {"prompt": "x", "model": "nobody"}
    bodies[7] = {"prompt": "x", "colour": "red"}
    bodies[9] = {"prompt": "x", "stream": True}
    bodies[11] = "no object"  # type: ignore[assignment]
    bodies[13] = {"prompt": "x", "requirements": {"timeout": "soon"}}
    reply = await submit(client, {"jobs": bodies}, expect=200, wait=25)
    jobs = reply["jobs"]
    assert len(jobs) == 20
    told = {n: jobs[n]["error"]["message"] for n in (3, 5, 7, 9, 11, 13)}
    assert told[3].startswith("jobs[3].prompt: ")
    assert told[5].startswith("jobs[5]: ")
    assert told[7].startswith("jobs[7].colour: ")
    assert told[9].startswith("jobs[9].stream: ")
    assert told[11].startswith("jobs[11]: ")
    assert told[13].startswith("jobs[13].requirements.timeout: ")
    for n in set(range(20)) - told.keys():
        assert f"ending in «{n}.»" in jobs[n]["result"]["text"], jobs[n]


async def test_collecting_waits_for_the_first_and_names_what_is_left_and_what_is_unknown(client: Client) -> None:
    await client.ask(model="small")
    hanging = {"prompt": f"wait {mark(fault='hang')}", "model": "small"}
    slow = (await submit(client, hanging, expect=202))["job_id"]
    running = await until(lambda: _running(client, slow), "the job runs")
    assert running
    quick = (await submit(client, {"prompt": "hi", "model": "big"}, expect=202))["job_id"]
    reply = await client.post("/api/jobs/collect", {"ids": [slow, quick], "wait": 20})
    assert [one["job_id"] for one in reply["jobs"]] == [quick]
    assert (reply["unfinished"], reply["running"]) == ([slow], [slow])
    reply = await client.post("/api/jobs/collect", {"ids": [slow, "j_nobody"], "wait": 20})
    assert [(one["job_id"], one["error"]["code"]) for one in reply["jobs"]] == [("j_nobody", "job_not_found")]
    await client.post("/api/jobs/cancel", {"ids": [slow]})


async def _running(client: Client, job_id: str) -> bool:
    return bool((await client.get(f"/api/jobs/{job_id}"))["state"] == "running")


@pytest.mark.heavy
async def test_a_finished_job_that_did_not_fit_is_among_those_to_ask_for_again(client: Client) -> None:
    await client.ask(model="small")
    bodies = [{"prompt": f"hi {n}", "model": "small"} for n in range(120)]
    ids = [job["job_id"] for job in (await submit(client, {"jobs": bodies}, expect=202))["jobs"]]

    async def all_done() -> bool:
        return all(job["state"] == "done" for job in (await client.get("/api/jobs?limit=1000"))["jobs"])

    await until(all_done, "all are done", within_s=60)
    reply = await client.post("/api/jobs/collect", {"ids": ids})
    assert [one["job_id"] for one in reply["jobs"]] == ids[:100]
    assert (reply["unfinished"], reply["running"]) == (ids[100:], [])
    assert set(await collected(client, ids)) == set(ids)


async def test_cancelling_a_running_job_closes_its_upstream(start_sidecar: StartSidecar, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    client = await start_sidecar(spec(), behaviour={"ledger": str(ledger)})
    await client.ask()
    prompt = f"x {mark(fault='hang')}"
    job_id = (await submit(client, {"prompt": prompt}, expect=202))["job_id"]

    async def begun() -> bool:
        return (await asyncio.to_thread(runs_of, ledger)).get(prompt) == 1

    async def over() -> bool:
        return not await asyncio.to_thread(unended_in, ledger)

    await until(begun, "the engine works on it")
    async with client.http.delete(f"/api/jobs/{job_id}") as response:
        reply = await response.json()
    assert (reply["state"], reply["error"]["code"]) == ("cancelled", "job_cancelled")
    await until(over, "the engine has stopped")
    assert (await client.ask())["text"]


async def test_what_can_never_be_answered_is_refused_at_once(client: Client) -> None:
    for change, status, code in (
        ({"prompt": " "}, 422, "invalid_request"),
        ({"model": "nobody"}, 404, "model_not_found"),
        ({"requirements": {"min_quality": 1.0}}, 422, "unsatisfiable"),
        ({"requirements": {"timeout": 0.01}}, 503, "deadline_infeasible"),
        ({"requirements": {"timeout": 10_000}}, 422, "invalid_request"),
        ({"requirements": {"format": {"type": "nothing"}}}, 422, "invalid_request"),
        ({"stream": False}, 422, "invalid_request"),
        ({"callback_url": "http://n8n:5678/resume"}, 422, "invalid_request"),
        ({"idempotency_key": ""}, 422, "invalid_request"),
        ({"idempotency_key": "k" * 201}, 422, "invalid_request"),
        ({"priority": 101}, 422, "invalid_request"),
    ):
        reply = await submit(client, {"prompt": "hi", **change}, expect=status)
        assert reply["error"]["code"] == code, change
    assert (await client.get("/api/jobs"))["jobs"] == []


@pytest.mark.heavy
async def test_what_cannot_be_answered_just_now_is_taken_and_waited_for(client: Client) -> None:
    await _enable(client, is_enabled=False)
    assert (await client.ask(expect=503))["error"]["code"] == "no_eligible_model"
    job_id = (await submit(client, {"prompt": "hi"}, expect=202))["job_id"]

    async def was_tried() -> bool:
        return (await client.get(f"/api/jobs/{job_id}"))["dispatch_id"] is not None

    await until(was_tried, "it was tried, and put back in line")
    await _enable(client, is_enabled=True)
    assert (await collected(client, [job_id]))[job_id]["result"]["text"]


async def _enable(client: Client, *, is_enabled: bool) -> None:
    admin = {"Authorization": f"Bearer {client.token('admin')}"}
    for model in ("small", "big"):
        async with client.http.patch(f"/api/models/{model}", json={"enabled": is_enabled}, headers=admin) as response:
            assert response.status == 200


async def test_bad_questions_are_told_what_is_wrong(client: Client) -> None:
    for wait in ("-1", "25.1", "soon", "nan", "inf", ""):
        async with client.http.post(f"/api/jobs?wait={wait}", json={"prompt": "hi"}) as response:
            assert (response.status, (await response.json())["error"]["message"][:5]) == (422, "wait:")
    for path, named in (("?limit=0", "limit"), ("?limit=x", "limit"), ("?state=lost", "state"), ("?x=1", "x")):
        assert (await client.get(f"/api/jobs{path}", 422))["error"]["message"].startswith(f"{named}:")
    for body in ({"ids": []}, {"ids": ["a"] * 1001}, {"ids": ["a"], "wait": 26}, {"ids": [""]}, {}):
        assert (await client.post("/api/jobs/collect", body, 422))["error"]["code"] == "invalid_request"
    for batch in ({"jobs": []}, {"jobs": {}}, {"jobs": [{}] * 1001}, {"jobs": [{}], "prompt": "x"}):
        assert (await submit(client, batch, expect=422))["error"]["message"].startswith("jobs:")
    assert (await client.get("/api/jobs/j_nobody", 404))["error"]["code"] == "job_not_found"


@pytest.mark.heavy
async def test_a_deadline_that_passes_in_the_queue_ends_the_job_without_a_run(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), jobs_at_once=1)
    await client.ask()
    hanging = (await submit(client, {"prompt": f"x {mark(fault='hang')}"}, expect=202))["job_id"]
    await until(lambda: _running(client, hanging), "the other job runs")
    late = await submit(client, {"prompt": "hi", "requirements": {"timeout": 3, "on_infeasible": "best_effort"}}, 202)
    done = (await collected(client, [late["job_id"]]))[late["job_id"]]
    assert (done["state"], done["error"]["code"], done["dispatch_id"]) == ("failed", "deadline_exceeded", None)
    await client.post("/api/jobs/cancel", {"ids": [hanging]})


async def test_a_job_that_fails_has_the_error_a_dispatch_would_have(client: Client) -> None:
    await client.ask(model="small")
    broken = {"prompt": f"x {mark(answer='no json')}", "requirements": {"format": "json"}}
    failed = await submit(client, broken, expect=200, wait=25)
    assert (failed["state"], failed["result"], failed["error"]["code"]) == ("failed", None, "invalid_answer")
    assert failed["error"]["dispatch_id"] == failed["dispatch_id"]


async def test_more_open_jobs_than_allowed_are_told_when_to_come_back(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), jobs_max=2, jobs_at_once=1)
    await client.ask()
    hang = {"prompt": f"x {mark(fault='hang')}"}
    reply = await submit(client, {"jobs": [hang, hang, hang]}, expect=202)
    assert [one.get("error") and one["error"]["code"] for one in reply["jobs"]] == [None, None, "overloaded"]
    async with client.http.post("/api/jobs", json=hang) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "5")
    await client.post("/api/jobs/cancel", {"ids": [one["job_id"] for one in reply["jobs"][:2]]})
    await submit(client, {"prompt": "hi"}, expect=200, wait=25)


async def test_jobs_leave_room_for_callers_who_wait_for_their_answer(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(slots=8), queue_max=8)
    await client.ask()
    hang = {"prompt": f"x {mark(fault='hang')}"}
    ids = [one["job_id"] for one in (await submit(client, {"jobs": [hang] * 20}, expect=202))["jobs"]]

    async def four_run() -> bool:
        return [job["state"] for job in (await client.get("/api/jobs"))["jobs"]].count("running") == 4

    async def five_in_hand() -> bool:
        return client.sidecar.fleet.promised == 5

    await until(four_run, "half of queue_max runs")
    caller = asyncio.create_task(client.ask())
    await until(five_in_hand, "the caller got in")
    assert await four_run()
    reply = await client.post("/api/jobs/cancel", {"ids": [*ids, ids[0], "j_x"]})
    assert reply == {"cancelled": 20, "forgotten": 0, "unknown": 1}
    assert (await caller)["text"]


async def test_a_job_belongs_to_the_token_that_made_it_and_the_admin_sees_all(client: Client) -> None:
    mine = (await submit(client, {"prompt": "hi"}, expect=200, wait=25))["job_id"]
    admin = {"Authorization": f"Bearer {client.token('admin')}"}
    async with aiohttp.ClientSession(client.sidecar.base_url, headers=admin) as http:
        async with http.post("/api/jobs?wait=25", json={"prompt": "hi", "idempotency_key": "k"}) as response:
            admins = (await response.json())["job_id"]
        for path in (f"/api/jobs/{mine}", f"/api/jobs/{admins}"):
            async with http.get(path) as response:
                assert response.status == 200
        async with http.get("/api/jobs") as response:
            assert [job["job_id"] for job in (await response.json())["jobs"]] == [admins, mine]
    await client.get(f"/api/jobs/{admins}", expect=404)
    assert [job["job_id"] for job in (await client.get("/api/jobs"))["jobs"]] == [mine]
    (unknown,) = (await client.post("/api/jobs/collect", {"ids": [admins]}))["jobs"]
    assert unknown["error"]["code"] == "job_not_found"
    assert (await client.post("/api/jobs/cancel", {"ids": [admins]}))["unknown"] == 1
    async with client.http.delete(f"/api/jobs/{admins}") as response:
        assert response.status == 404
    other = await submit(client, {"prompt": "hi", "idempotency_key": "k"}, expect=200, wait=25)
    assert other["job_id"] != admins


async def test_a_deleted_job_is_cancelled_or_forgotten_and_deleting_again_changes_nothing(client: Client) -> None:
    done = (await submit(client, {"prompt": "hi"}, expect=200, wait=25))["job_id"]
    for _ in range(2):
        async with client.http.delete(f"/api/jobs/{done}") as response:
            reply = await response.json()
        assert (response.status, reply["state"], reply["result"]) == (200, "expired", None)
        assert reply["error"]["code"] == "job_expired"


async def test_nothing_is_accepted_that_cannot_be_written(client: Client) -> None:
    async def limit(connection: object) -> None:
        await connection.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]

    async def unlimit(connection: object) -> None:
        await connection.execute("PRAGMA max_page_count = 1000000")  # type: ignore[attr-defined]

    await client.ask()
    await client.sidecar.database.write(limit)
    batch = {"jobs": [{"prompt": f"say {'x' * 3000}"} for _ in range(100)]}
    assert (await submit(client, batch, expect=503))["error"]["code"] == "store_error"
    await client.sidecar.database.write(unlimit)
    assert (await client.get("/api/jobs"))["jobs"] == []
    await submit(client, {"prompt": "hi"}, expect=200, wait=25)


async def test_texts_are_nowhere_on_the_disk_once_they_were_fetched_or_are_not_wanted(
    start_sidecar: StartSidecar,
) -> None:
    client = await start_sidecar(job_grace_s=0.0)
    canary = "Qxz-canary-52"
    body = {"prompt": f"Say {canary} {mark(answer=canary)}", "context": {"workflow_id": "w"}}
    done = await submit(client, body, expect=200, wait=25)
    assert done["result"]["text"] == canary
    failing = {"prompt": f"{canary} {mark(answer=canary)}", "requirements": {"format": "json"}}
    assert (await submit(client, failing, expect=200, wait=25))["state"] == "failed"
    hanging = (await submit(client, {"prompt": f"{canary} {mark(fault='hang')}"}, expect=202))["job_id"]
    await client.post("/api/jobs/cancel", {"ids": [hanging]})

    async def gone() -> bool:
        return not await asyncio.to_thread(_files_with, client, canary)

    await until(gone, "no file holds the text")
    forgotten = await client.get(f"/api/jobs/{done['job_id']}")
    assert (forgotten["state"], forgotten["error"]["code"]) == ("expired", "job_expired")


def _files_with(client: Client, text: str) -> list[str]:
    files = [path for path in client.folder.rglob("*") if path.is_file()]
    return [path.name for path in files if text.encode() in path.read_bytes()]


@pytest.mark.heavy
async def test_an_answer_nobody_comes_for_expires(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(job_result_ttl_s=1.0)
    job_id = (await submit(client, {"prompt": "hi"}, expect=202))["job_id"]

    async def expired() -> bool:
        jobs = (await client.get("/api/jobs?state=expired"))["jobs"]
        return [job["job_id"] for job in jobs] == [job_id]

    await until(expired, "the answer has expired")


async def test_metrics_count_jobs(client: Client) -> None:
    await submit(client, {"jobs": [{"prompt": "hi"}] * 2}, expect=200, wait=25)
    async with client.http.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    assert 'ai_dispatch_jobs{state="done"} 2.0' in lines
    assert 'ai_dispatch_jobs{state="queued"} 0.0' in lines
    assert 'ai_dispatch_jobs_finished_total{outcome="done"} 2.0' in lines


async def test_an_endless_json_number_or_depth_is_refused(client: Client) -> None:
    headers = {"Content-Type": "application/json"}
    for raw in (b"", b"{", b"[]", b"null", b'{"jobs":' + b"[" * 5000, b'{"jobs":[{"prompt":NaN}'):
        async with client.http.post("/api/jobs", data=raw, headers=headers) as response:
            assert response.status in (400, 422), raw
            assert (await response.json())["error"]["message"]
