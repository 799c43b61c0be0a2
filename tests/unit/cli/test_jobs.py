"""`ai-dispatch jobs`, `jobs show` and `jobs cancel`."""

import json

import pytest

from dispatcher.api.job_schemas import CancelledReply
from dispatcher.core.job import JobState
from tests.unit.cli.conftest import Run
from tests.unit.cli.examples import JOBS, dispatched, error, job
from tests.unit.cli.fake_sidecar import FakeSidecar

DONE = job(state=JobState.DONE, finished_at="2026-01-31T12:00:01.500Z", dispatch_id="d-1", result=dispatched())
FAILED = job(state=JobState.FAILED, error=error("deadline_exceeded", "the deadline passed").error)


async def test_jobs_show_state_times_and_what_went_wrong(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("GET /api/jobs", JOBS)
    result = await run("jobs", "--state", "failed", "--limit", "5")
    heading, running, failed, caption = result.stdout.splitlines()
    assert heading.split() == ["job", "state", "priority", "accepted", "took", "why"]
    assert running.split() == ["j_2", "running", "7", "2026-01-31T12:00:00.000Z", "–"]
    assert failed.split() == ["j_1", "failed", "0", "2026-01-31T12:00:00.000Z", "42", "s", "too", "late"]
    assert caption.strip() == "jobs: 2"
    assert sidecar.asked[0].query == {"limit": "5", "state": "failed"}


async def test_an_answer_goes_to_standard_output_and_all_about_it_to_standard_error(
    run: Run, sidecar: FakeSidecar
) -> None:
    sidecar.answers("GET /api/jobs/j_1", DONE)
    result = await run("jobs", "show", "j_1")
    assert (result.exit_code, result.stdout) == (0, "Paris.\n")
    assert "model  tiny" in result.stderr
    assert json.loads((await run("jobs", "show", "j_1", "--json")).stdout)["state"] == "done"


async def test_who_waits_asks_until_it_is_finished(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers_in_turn("GET /api/jobs/j_1", job(), job(state=JobState.RUNNING), DONE)
    result = await run("jobs", "show", "--wait", "j_1")
    assert (result.exit_code, result.stdout) == (0, "Paris.\n")
    assert [asked.query for asked in sidecar.asked] == [{"wait": "20"}] * 3


async def test_an_open_job_says_until_when_and_a_failed_one_why(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers_in_turn("GET /api/jobs/j_1", job(), FAILED)
    result = await run("jobs", "show", "j_1")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "queued, until 2026-01-31T12:02:00.000Z" in result.stderr
    result = await run("jobs", "show", "j_1")
    assert (result.exit_code, result.stderr) == (1, "error: failed: the deadline passed\n")


async def test_many_are_cancelled_at_once(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/jobs/cancel", CancelledReply(cancelled=1, forgotten=1, unknown=0))
    result = await run("jobs", "cancel", "j_1", "j_2")
    assert (result.exit_code, result.stderr) == (0, "cancelled: 1, answers forgotten: 1, unknown: 0\n")
    assert json.loads(sidecar.asked[0].body) == {"ids": ["j_1", "j_2"]}
    assert json.loads((await run("jobs", "cancel", "j_1", "--json")).stdout)["cancelled"] == 1


@pytest.mark.parametrize("name", ["", ".."])
async def test_what_is_no_id_is_wrong_usage(run: Run, sidecar: FakeSidecar, name: str) -> None:
    assert (await run("jobs", "show", name)).exit_code == 2
    assert (await run("jobs", "cancel", "")).exit_code == 2
    assert sidecar.asked == []
