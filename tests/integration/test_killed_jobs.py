"""Jobs of a sidecar that is killed or told to stop: none is lost, none runs twice at once, none has two results."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.behaviour import mark
from tests.fakes.ledger import overlaps_of, runs_of, unended_in
from tests.integration.killed import Kept
from tests.integration.waiting import until

pytestmark = pytest.mark.heavy

_WARM = {"prompt": "hi", "model": "small"}


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
async def kept(tmp_path: Path, ledger: Path) -> AsyncIterator[Kept]:
    sidecars = Kept(tmp_path, behaviour={"ledger": str(ledger), "token_delay_s": 0.05, "lingers_s": 3.0}, slots=2)
    yield sidecars
    await sidecars.close()


async def submitted(kept: Kept, *prompts: str, **more: object) -> list[str]:
    bodies = [{"prompt": prompt, "model": "small", **more} for prompt in prompts]
    return [job["job_id"] for job in (await kept.ask("POST", "/api/jobs", {"jobs": bodies}))["jobs"]]


async def collected(kept: Kept, *ids: str) -> list[dict[str, Any]]:
    got: dict[str, dict[str, Any]] = {}
    async with asyncio.timeout(60):
        while left := [one for one in ids if one not in got]:
            reply = await kept.ask("POST", "/api/jobs/collect", {"ids": left, "wait": 10})
            got |= {job["job_id"]: job for job in reply["jobs"]}
    return [got[one] for one in ids]


async def runs(ledger: Path, prompt: str) -> int:
    return (await asyncio.to_thread(runs_of, ledger)).get(prompt, 0)


async def test_after_a_kill_jobs_go_on_and_no_run_overlaps_the_one_that_was_broken_off(
    tmp_path: Path, ledger: Path
) -> None:
    """The engine works on for its old caller on one slot, while the other is free."""
    behaviour = {"ledger": str(ledger), "token_delay_s": 0.05, "lingers_s": 3.0}
    kept = Kept(tmp_path, behaviour=behaviour, slots=2, settings={"jobs_at_once": 1})
    try:
        await kept.start()
        await kept.ask("POST", "/api/dispatch", _WARM)
        prompts = [f"{n} {'word ' * 20}" for n in range(4)]
        ids = await submitted(kept, *prompts)
        (done,) = await collected(kept, ids[0])
        await until(lambda: _busy(ledger, 1), "one is worked on")
        await kept.end(signal.SIGKILL)
        await kept.start()
        jobs = await collected(kept, *ids)
    finally:
        await kept.close()
    assert [job["state"] for job in jobs] == ["done"] * 4
    assert jobs[0] == done
    assert not set(await asyncio.to_thread(overlaps_of, ledger)) & set(prompts)
    counts = await asyncio.to_thread(runs_of, ledger)
    assert sum(counts[prompt] for prompt in prompts) <= 4 + 1


async def _busy(ledger: Path, count: int) -> bool:
    return len(await asyncio.to_thread(unended_in, ledger)) == count


async def test_a_deadline_that_passed_while_nobody_was_there_ends_the_job(kept: Kept, ledger: Path) -> None:
    await kept.start()
    await kept.ask("POST", "/api/dispatch", _WARM)
    hang = f"x {mark(fault='hang')}"
    late, good = await submitted(kept, hang, requirements={"timeout": 4}), await submitted(kept, "short")
    await until(lambda: runs(ledger, hang), "it is worked on")
    await kept.end(signal.SIGKILL)
    await asyncio.sleep(4)  # the deadline is one of real time
    await kept.start()
    jobs = await collected(kept, *late, *good)
    assert [job["state"] for job in jobs] == ["failed", "done"]
    assert jobs[0]["error"]["code"] == "deadline_exceeded"
    assert await runs(ledger, hang) == 1


async def test_who_is_told_to_stop_puts_what_runs_back_in_line(kept: Kept, ledger: Path) -> None:
    await kept.start()
    await kept.ask("POST", "/api/dispatch", _WARM)
    prompts = [f"{n} {'word ' * 20}" for n in range(4)]
    ids = await submitted(kept, *prompts)
    await until(lambda: _busy(ledger, 2), "two are worked on")
    waiter = asyncio.create_task(kept.ask("GET", f"/api/jobs/{ids[3]}?wait=25"))
    await asyncio.sleep(0.2)
    begun_s = asyncio.get_running_loop().time()
    await kept.end(signal.SIGTERM)
    assert asyncio.get_running_loop().time() - begun_s < 20
    assert (await waiter)["state"] in ("queued", "running")  # told at once, not cut off
    await kept.start()
    jobs = await collected(kept, *ids)
    assert [job["state"] for job in jobs] == ["done"] * 4
    assert not set(await asyncio.to_thread(overlaps_of, ledger)) & set(prompts)


async def test_a_key_gives_the_same_job_before_and_after_a_kill(kept: Kept) -> None:
    await kept.start()
    body = {"prompt": "hi there", "model": "small", "idempotency_key": "k"}
    first = await kept.ask("POST", "/api/jobs", body)
    await kept.end(signal.SIGKILL)
    await kept.start()
    again = await kept.ask("POST", "/api/jobs?wait=25", body)
    assert again["job_id"] == first["job_id"]
    assert again["state"] == "done"
