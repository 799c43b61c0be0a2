"""How many dispatches a replica is given at once."""

import asyncio

import pytest

from tests.integration.conftest import Client, StartSidecar
from tests.unit.core.builders import spec


async def slots(client: Client) -> int:
    (replica,) = (await client.get("/api/containers"))["containers"]
    return int(replica["slots"])


async def after_two_waves(client: Client) -> int:
    await client.ask("a b c")
    for _ in range(2):
        await asyncio.gather(*(client.ask("a b c") for _ in range(4)))
    return await slots(client)


@pytest.mark.heavy
async def test_a_server_that_queues_inside_gets_fewer_at_once(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(slots=4, load_s=60.0), behaviour={"parallel": 1, "token_delay_s": 0.1})
    assert await after_two_waves(client) < 4


@pytest.mark.heavy
async def test_a_server_that_does_not_keeps_its_slots(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(slots=4, load_s=60.0), behaviour={"token_delay_s": 0.1})
    assert await after_two_waves(client) == 4
