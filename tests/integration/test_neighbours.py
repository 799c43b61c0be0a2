"""Workflows beside one that floods the sidecar."""

import asyncio

import pytest

from tests.integration.conftest import Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import spec

QUIET = tuple(f"quiet {number}" for number in range(5))


async def ask(client: Client, workflow: str) -> int:
    """The status of one dispatch."""
    body = {"prompt": "Name a colour.", "model": "small", "context": {"workflow_id": workflow}}
    async with client.http.post("/api/dispatch", json=body) as response:
        await response.read()
        return response.status


@pytest.mark.heavy
async def test_who_floods_leaves_room_for_other_workflows_and_does_not_keep_them_waiting(
    start_sidecar: StartSidecar,
) -> None:
    client = await start_sidecar(spec(), memory_mib=600, queue_max=40, behaviour={"token_delay_s": 0.02})
    await client.ask()
    flood = [asyncio.create_task(ask(client, "flood")) for _ in range(60)]

    async def is_full() -> bool:
        return sum(task.done() for task in flood) >= 60 - 32

    await until(is_full, "what the flood sends beyond its part is refused")
    refused = [task.result() for task in flood if task.done()]
    assert refused.count(429) == 60 - 32
    assert await asyncio.gather(*(ask(client, workflow) for workflow in QUIET)) == [200] * len(QUIET)
    answered_meanwhile = sum(task.done() for task in flood) - len(refused)
    assert answered_meanwhile <= len(QUIET)
    assert sorted(await asyncio.gather(*flood)) == [200] * 32 + [429] * 28


async def test_a_workflow_that_is_alone_may_use_most_of_the_room(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(slots=4), memory_mib=600, queue_max=20)
    await client.ask()
    statuses = await asyncio.gather(*(ask(client, "only") for _ in range(16)))
    assert statuses == [200] * 16
