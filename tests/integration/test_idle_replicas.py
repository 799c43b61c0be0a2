"""What becomes of replicas that nobody uses, with real processes."""

import asyncio

import psutil
import pytest

from dispatcher.service.replica import Replica
from tests.integration.conftest import Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import spec


async def the_replica(client: Client) -> Replica:
    (one,) = list(client.sidecar.fleet)
    return one


async def asleep(client: Client) -> bool:
    (one,) = (await client.get("/api/containers"))["containers"]
    return bool(one["paused"]) and psutil.Process(one["pid"]).status() == psutil.STATUS_STOPPED


async def test_one_that_burns_cpu_for_nothing_sleeps_and_wakes_for_the_next_dispatch(
    start_sidecar: StartSidecar,
) -> None:
    # As its expected reload is long, it isn't stopped although it has been idle for longer than it may.
    client = await start_sidecar(spec(load_s=60.0), idle_stop_s=0.4)
    await client.ask()
    (await the_replica(client)).idle_cores = 0.5  # what a server that polls would be seen to burn
    await until(lambda: asleep(client), "it is put to sleep")
    reply = await client.ask()
    assert reply["text"]
    assert reply["decision"]["way"] == "warm"


@pytest.mark.heavy
async def test_twenty_callers_of_a_sleeping_replica_are_all_answered(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(load_s=60.0), idle_stop_s=0.4)
    await client.ask()
    for _ in range(3):
        (await the_replica(client)).idle_cores = 0.5
        await until(lambda: asleep(client), "it is put to sleep")
        replies = await asyncio.gather(*(client.ask() for _ in range(20)))
        assert all(reply["text"] for reply in replies)


async def test_a_sleeping_replica_is_stopped_with_the_sidecar(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(load_s=60.0), idle_stop_s=0.4)
    await client.ask()
    replica = await the_replica(client)
    replica.idle_cores = 0.5
    await until(lambda: asleep(client), "it is put to sleep")
    pid = replica.pid
    assert pid is not None
    await client.close()
    assert not psutil.pid_exists(pid)


@pytest.mark.heavy
async def test_a_model_may_have_an_idle_time_of_its_own(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(idle_stop_s=0.2), spec("patient"), idle_stop_s=600)
    for model in ("small", "patient"):
        await client.ask(model=model)

    async def left() -> bool:
        return [replica.model_id for replica in client.sidecar.fleet] == ["patient"]

    await until(left, "only the one with a short time is stopped")
