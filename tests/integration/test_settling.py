"""A slot is free when its server is idle, not when its caller has left."""

import asyncio

import pytest

from tests.fakes.behaviour import mark
from tests.integration.conftest import Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import spec


def in_flight(client: Client) -> int:
    return sum(replica.in_flight for replica in client.sidecar.fleet)


async def leave(client: Client, lingers_s: float) -> None:
    """A caller comes, and leaves in the middle; the server goes on without it."""
    prompt = mark(fault="hang_midway") + mark(lingers_s=lingers_s)
    leaver = asyncio.create_task(client.ask(prompt, requirements={"max_tokens": 20}))

    async def is_in_flight() -> bool:
        return in_flight(client) == 1 and await running(client) == 1

    await until(is_in_flight, "it is being answered")
    leaver.cancel()
    await asyncio.gather(leaver, return_exceptions=True)


async def running(client: Client) -> int:
    """How many dispatches the one fake server really works on."""
    (replica,) = client.sidecar.fleet
    assert replica.endpoint is not None
    headers = {"Authorization": f"Bearer {replica.endpoint.api_key}"}
    async with client.http.get(f"{replica.endpoint.base_url}/slots", headers=headers) as response:
        return sum(slot["is_processing"] for slot in await response.json())


@pytest.mark.heavy
async def test_who_comes_after_a_leaver_waits_in_our_queue_until_the_server_is_idle(
    start_sidecar: StartSidecar,
) -> None:
    client = await start_sidecar(spec())
    await client.ask()
    await leave(client, lingers_s=1.5)

    async def cancelled() -> bool:
        async with client.http.get("/metrics") as response:
            return 'ending="cancelled"' in await response.text()

    await until(cancelled, "the leaver is let go at once")
    assert in_flight(client) == 1, "its slot is not"
    reply = await client.ask()
    assert reply["timing"]["queue_s"] > 0.3
    assert in_flight(client) == 0


@pytest.mark.heavy
async def test_a_deadline_that_passes_keeps_the_slot_likewise(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec())
    await client.ask()
    prompt = mark(fault="hang_midway") + mark(lingers_s=1.5)
    late = {"timeout": 1.5, "max_tokens": 5, "on_infeasible": "best_effort"}
    await client.ask(prompt, expect=504, requirements=late)
    assert in_flight(client) == await running(client) == 1
    assert (await client.ask())["timing"]["queue_s"] > 0.3


@pytest.mark.heavy
async def test_a_server_that_never_gets_idle_is_replaced(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec())
    await client.ask()
    (sick,) = client.sidecar.fleet
    await leave(client, lingers_s=3600)
    reply = await client.ask(requirements={"timeout": 60})
    assert 5 < reply["timing"]["queue_s"] + reply["timing"]["load_s"] < 40
    (well,) = [one for one in client.sidecar.fleet if one.is_usable]
    assert well is not sick
    assert sick.reason.startswith("hung")
