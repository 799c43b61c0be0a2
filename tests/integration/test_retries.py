"""Trying again: within a budget, never for what can't be cured."""

import asyncio
from typing import Any

import pytest

from tests.fakes.behaviour import mark
from tests.integration.conftest import Client, StartSidecar
from tests.unit.core.builders import big, quality, spec


async def replies_of(client: Client, count: int, prompt: str) -> list[tuple[int, dict[str, str], dict[str, Any]]]:
    """Status, headers and body of as many dispatches at once."""

    async def ask(index: int) -> tuple[int, dict[str, str], dict[str, Any]]:
        async with client.http.post("/api/dispatch", json={"prompt": f"{index} {prompt}"}) as response:
            return response.status, dict(response.headers), await response.json()

    return await asyncio.gather(*(ask(index) for index in range(count)))


async def metric(client: Client, name: str) -> float:
    async with client.http.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.partition("{")[0] == name)


@pytest.mark.heavy
async def test_when_many_fail_at_once_few_try_again_and_the_others_get_the_fault_and_when_to_come_back(
    start_sidecar: StartSidecar,
) -> None:
    slots = 16
    client = await start_sidecar(
        spec("first", slots=slots, quality=quality(0.99)),
        big("second", quality=quality(0.5)),
        behaviour={"model": "second", "load_s": 3},  # so that nobody's second try ends before all first ones have
    )
    await client.ask(model="first")
    replies = await replies_of(client, slots, mark(fault="status", model="first"))
    refused = [(headers, body["error"]) for status, headers, body in replies if status == 502]
    tried = [[one["model"] for one in body["attempts"]] for status, _, body in replies if status == 200]
    again = [
        models for models in tried if models != ["second"]
    ]  # who came late, and never asked the first, is no retry
    assert again == [["first", "second"]] * 3
    assert len(refused) == slots - len(tried) == await metric(client, "ai_dispatch_retries_refused_total")
    for headers, error in refused:
        assert (error["code"], error["retryable"]) == ("runtime_fault", True)
        assert int(headers["Retry-After"]) >= 1


async def test_those_whose_work_nobody_has_begun_all_go_elsewhere(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(
        spec("first", quality=quality(0.99)),
        spec("second", quality=quality(0.5)),
        behaviour={"model": "first", "exit_at_start": 1},
    )
    replies = await replies_of(client, 12, "hello")
    assert [(status, body.get("model")) for status, _, body in replies] == [(200, "second")] * 12
    assert await metric(client, "ai_dispatch_retries_refused_total") == 0
