"""All items of a run in a real n8n go through the sidecar as jobs, also when it is killed or the run is stopped."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.fake_engines import FakeEngines, fake_engines
from tests.e2e.n8n import Execution, N8n
from tests.e2e.n8n_server import N8nServer, running_server
from tests.e2e.recording_proxy import RecordingProxy, recording_proxy
from tests.e2e.waiting import until
from tests.e2e.workflows import credential, workflow

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

FIFTY = [f"This is item {index}" for index in range(50)]
BROKEN = '[[fake {"fault": "status", "status": 500}]] breaks'
REFUSED = '[[fake {"fault": "status", "status": 400}]] is refused'
SLOW = '[[fake {"token_delay_s": 5.0}]] takes a minute'
_OUTAGE_S = 3
LOAD_S = 22.0
"""Longer than one question is held open, so that a run needs several."""


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeEngines]:
    with fake_engines(tmp_path_factory.mktemp("fakes"), token_delay_s=0.02) as running:
        yield running


@pytest.fixture(scope="module")
def cold(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordingProxy]:
    """A proxy before a sidecar whose models take long to load, and which a single test uses."""
    folder = tmp_path_factory.mktemp("cold")
    with (
        fake_engines(folder, load_s=LOAD_S, token_delay_s=0.02) as behind,
        recording_proxy(behind.base_url, behind.token) as proxy,
    ):
        yield proxy


@pytest.fixture(scope="module")
def furnished(n8n: N8n, sidecar: FakeEngines, cold: RecordingProxy) -> N8n:
    n8n.import_credentials(
        [credential("cold", cold.base_url, cold.token), credential("quick", sidecar.base_url, sidecar.token)]
    )
    hasty = {"timeout": 0.01}  # what no model keeps, however fast it has turned out to be
    n8n.import_workflows(
        [
            workflow("fifty", "cold", FIFTY),
            workflow("restarted", "quick", FIFTY),
            workflow("go-on", "quick", ["first", BROKEN, "third"], "continueRegularOutput"),
            workflow("ends", "quick", ["first", REFUSED, SLOW, SLOW], model=pinned("small")),
            workflow("refuse", "quick", ["too hasty"], "continueRegularOutput", model=pinned("big"), options=hasty),
            retrying(workflow("retry", "quick", [BROKEN])),
        ]
    )
    return n8n


def pinned(model: str) -> dict[str, Any]:
    """The Model field with one model chosen."""
    return {"__rl": True, "mode": "id", "value": model}


def retrying(of: dict[str, Any]) -> dict[str, Any]:
    """The workflow with Retry On Fail."""
    of["nodes"][-1] |= {"retryOnFail": True, "maxTries": 2, "waitBetweenTries": 10}
    return of


def assert_all_fifty(execution: Execution) -> None:
    assert (execution.error or {}).get("message") is None
    assert [item["text"].split()[-1] for item in execution.items] == [f"«{index}»." for index in range(50)]
    assert [item["pairedItem"]["item"] for item in execution.outputs[0]] == list(range(50))


def test_fifty_items_go_out_in_one_call_and_no_call_is_long(furnished: N8n, cold: RecordingProxy) -> None:
    begun_s = time.monotonic()
    execution = furnished.execute("fifty")
    took_s = time.monotonic() - begun_s
    assert_all_fifty(execution)
    assert [asked.status for asked in cold.of("/api/jobs")] == [202]
    assert len(cold.of("/api/jobs/collect")) > 1
    assert max(asked.seconds for asked in cold.asked) < 30 < took_s
    assert {asked.status for asked in cold.asked} <= {200, 202}
    (hint,) = execution.hints
    assert hint.startswith("50 items: ")
    assert hint.endswith((" model loads", "; 1 model load"))
    print(f"{took_s:.1f} s, {len(cold.asked)} calls, the longest {max(a.seconds for a in cold.asked):.1f} s; {hint}")


@pytest.mark.parametrize("end", [FakeEngines.kill, FakeEngines.stop])
def test_a_sidecar_that_ends_in_the_middle_of_a_run_and_comes_back_does_not_fail_it(
    furnished: N8n, sidecar: FakeEngines, end: Callable[[FakeEngines], None]
) -> None:
    before = {job["job_id"] for job in sidecar.jobs()}

    def finished() -> int:
        return sum(job["finished_at"] is not None for job in sidecar.jobs() if job["job_id"] not in before)

    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(furnished.execute, "restarted")
        until(lambda: finished() >= 5, within_s=120, what="some items being answered")
        end(sidecar)
        time.sleep(_OUTAGE_S)
        sidecar.start()
        assert_all_fifty(run.result())
        assert "AI Dispatch was away " in run.result().hints[0]
    assert len(sidecar.jobs()) == len(before) + 50


def test_one_failed_item_of_three_stands_in_its_place(furnished: N8n) -> None:
    first, second, third = furnished.execute("go-on").items
    assert (first["text"].split()[-1], third["text"].split()[-1]) == ("«first».", "«third».")
    assert (second["code"], second["origin"]) == ("runtime_fault", "runtime")


def test_a_run_that_fails_names_its_item_and_cancels_the_others(furnished: N8n, sidecar: FakeEngines) -> None:
    error = furnished.execute("ends").error
    assert error is not None
    assert (error["context"]["itemIndex"], error["context"]["data"]["code"]) == (1, "runtime_refused")
    assert_cancelled(sidecar, of=4)


def test_retry_on_fail_is_a_new_try(furnished: N8n, sidecar: FakeEngines) -> None:
    before = len(sidecar.jobs())
    assert furnished.execute("retry").error is not None
    assert len(sidecar.jobs()) == before + 2


def test_what_cannot_be_in_time_says_which_fields_would_help(furnished: N8n) -> None:
    (item,) = furnished.execute("refuse").items
    assert item["code"] == "deadline_infeasible"
    assert "If No Model Is Fast Enough" in item["description"]


def test_an_execution_that_is_stopped_or_times_out_cancels_its_jobs(furnished: N8n, sidecar: FakeEngines) -> None:
    with running_server(furnished) as server:
        run = started(server, sidecar)
        until(lambda: "running" in sidecar.states(), within_s=60, what="a job running")
        server.post(f"/rest/executions/{run}/stop", {})
        assert_cancelled(sidecar, of=3)
        started(server, sidecar, executionTimeout=3)
        until(lambda: "running" in sidecar.states(), within_s=60, what="a job running")
        assert_cancelled(sidecar, of=3)


def assert_cancelled(sidecar: FakeEngines, of: int) -> None:
    until(lambda: not {"queued", "running"} & set(sidecar.states()), within_s=15, what="nothing being open")
    assert "cancelled" in sidecar.states()[:of]


def started(server: N8nServer, sidecar: FakeEngines, **settings: object) -> str:
    """Run a workflow with two slow items as its editor does; returns the id of the execution."""
    data = {"baseUrl": sidecar.base_url, "token": sidecar.token}
    chosen = server.post("/rest/credentials", {"name": "for stopping", "type": "aiDispatchApi", "data": data})
    draft = workflow("ignored", chosen["id"], [SLOW, SLOW, "quick"]) | {"active": False}
    draft["settings"] |= settings
    del draft["id"]
    saved = server.post("/rest/workflows", draft)
    parts = ("id", "name", "nodes", "connections", "settings", "versionId", "active")
    body = {"workflowData": {part: saved[part] for part in parts}, "triggerToStartFrom": {"name": "Start"}}
    run: str = server.post(f"/rest/workflows/{saved['id']}/run", body)["executionId"]
    return run
