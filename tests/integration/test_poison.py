"""Prompts over which servers crash: two tries, then never again, and nobody else suffers."""

import asyncio
import os
import signal

import pytest

from tests.fakes.behaviour import mark
from tests.integration.conftest import Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import big, quality, spec


async def starts(client: Client) -> int:
    """How many replicas came up so far."""
    async with client.http.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith("ai_dispatch_starts_total{"))


@pytest.mark.parametrize("fault", ["crash", "out_of_memory"])
@pytest.mark.heavy
async def test_a_prompt_that_crashes_two_servers_meets_no_third_and_others_are_served(
    start_sidecar: StartSidecar, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    client = await start_sidecar(spec(quality=quality(0.99)), big(quality=quality(0.5)))
    poison = f"Zyxwv {mark(fault=fault)}"
    reply = await client.ask(poison, expect=422)
    assert (reply["error"]["code"], reply["error"]["retryable"]) == ("quarantined_request", False)
    assert await starts(client) == 2
    again = await client.ask(poison, expect=422, model="big")
    assert again["error"]["code"] == "quarantined_request"
    assert (await client.post("/api/explain", {"prompt": poison}, expect=422))["error"]["code"] == "quarantined_request"
    assert (await client.post("/api/jobs", {"prompt": poison}, expect=422))["error"]["code"] == "quarantined_request"
    assert await starts(client) == 2
    assert (await client.ask("Zyxwv", model="small"))["text"]
    assert "Zyxwv" not in capsys.readouterr().out


@pytest.mark.heavy
async def test_who_was_answered_beside_a_prompt_that_crashed_the_server_is_answered_all_the_same(
    start_sidecar: StartSidecar,
) -> None:
    client = await start_sidecar(spec(slots=2))
    await client.ask()
    slow = f"one two three four {mark(token_delay_s=0.1)}"
    beside = asyncio.create_task(client.ask(slow))

    async def in_flight() -> bool:
        return any(replica.in_flight for replica in client.sidecar.fleet)

    await until(in_flight, "the innocent one is being answered")
    reply = await client.ask(f"x {mark(fault='crash')}", expect=502)
    assert reply["error"]["code"] in ("runtime_unreachable", "runtime_incomplete")
    assert (await beside)["text"], "it was tried again, alone"
    await client.ask(f"x {mark(fault='crash')}", expect=422)
    assert (await client.ask(slow))["text"]


@pytest.mark.heavy
async def test_a_server_that_was_gone_before_says_nothing_against_a_prompt(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec())
    for _ in range(3):
        await client.ask("Name a colour.")
        os.kill(await until(lambda: pid_of_the_replica(client), "its process is seen"), signal.SIGKILL)
        assert (await client.ask("Name a colour."))["text"]


@pytest.mark.heavy
async def test_a_model_that_crashes_under_every_prompt_is_left_alone_and_no_prompt_is_held_guilty(
    start_sidecar: StartSidecar,
) -> None:
    client = await start_sidecar(
        spec(quality=quality(0.99)), big(quality=quality(0.5)), behaviour={"model": "small", "fault": "crash"}
    )
    for number in range(2):
        await client.ask(f"Number {number}", expect=422)
    assert (await client.ask("Number 3"))["model"] == "big"
    assert [(await client.ask(f"Number {number}"))["model"] for number in range(2)] == ["big", "big"]
    (refused,) = (await client.ask("Number 4"))["decision"]["refused"]
    assert "3 different prompts" in refused["message"]


async def pid_of_the_replica(client: Client) -> int:
    return next((replica.pid for replica in client.sidecar.fleet if replica.pid), 0)
