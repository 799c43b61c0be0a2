"""A replica that fails again and again: left alone, replaced, or asked all the same when it is the last."""

import asyncio

import pytest

from tests.fakes.behaviour import mark
from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import spec


async def the_replica(client: Client) -> JSON:
    (one,) = (await client.get("/api/containers"))["containers"]
    return one


async def fails(client: Client, times: int = 5, **switches: object) -> None:
    for number in range(times):
        await client.ask(f"{number} {mark(fault='status', **switches)}", expect=502)


async def test_one_that_has_worked_before_is_replaced_after_five_faults_in_a_row(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec())
    await client.ask()
    before = await the_replica(client)
    await fails(client)

    async def gone() -> bool:
        return before["id"] not in [one["id"] for one in (await client.get("/api/containers"))["containers"]]

    await until(gone, "the sick replica is stopped")
    assert (await client.ask())["decision"]["way"] == "load"
    assert (await client.get("/ready"))["status"] == "ready"


async def test_one_that_never_worked_is_still_asked_and_told_of_and_an_answer_heals_it(
    start_sidecar: StartSidecar,
) -> None:
    client = await start_sidecar(spec())
    await fails(client)
    assert (await the_replica(client))["breaker"] == "ejected"
    ready = await client.get("/ready")
    assert ready["status"] == "degraded"
    assert "failed 5 times in a row" in ready["parts"]["models"]["detail"]
    assert await metric(client, "ai_dispatch_ejected") == await metric(client, "ai_dispatch_ejections_total") == 1
    assert (await client.ask())["decision"]["way"] == "warm"
    assert (await the_replica(client))["breaker"] == "closed"
    assert (await client.get("/ready"))["status"] == "ready"


@pytest.mark.heavy
async def test_a_server_that_is_busy_refuses_or_is_waited_for_in_vain_is_not_sick(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec())
    await client.ask()
    for number in range(3):
        busy, refused = mark(fault="status", status=429), mark(fault="status", status=400)
        reply = await client.ask(f"{number} {busy}", expect=503)
        assert (reply["error"]["code"], reply["error"]["retryable"]) == ("runtime_busy", True)
        await client.ask(f"{number} {refused}", expect=422)
        late = {"timeout": 1, "max_tokens": 5, "on_infeasible": "best_effort"}
        await client.ask(f"{number} {mark(fault='hang_midway')}", expect=504, requirements=late)
    assert (await the_replica(client))["breaker"] == "closed"


async def test_eight_callers_who_give_up_take_no_replica_down(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(slots=8))
    await client.ask()
    before = await the_replica(client)
    leavers = [asyncio.create_task(client.ask(f"{index} {mark(fault='hang_midway')}")) for index in range(8)]

    async def all_in_flight() -> bool:
        return sum(replica.in_flight for replica in client.sidecar.fleet) == 8

    await until(all_in_flight, "eight dispatches are being answered")
    for leaver in leavers:
        leaver.cancel()
    await asyncio.gather(*leavers, return_exceptions=True)
    assert (await client.ask())["text"]
    after = await the_replica(client)
    assert (after["id"], after["breaker"]) == (before["id"], "closed")


async def metric(client: Client, name: str) -> float:
    async with client.http.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.partition("{")[0].split()[0] == name)
