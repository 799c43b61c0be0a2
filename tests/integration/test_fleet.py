"""Replicas as processes: started once, kept within memory, stopped when idle, and found dead when they die."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from dispatcher.core.replica import ReplicaState
from tests.fakes.behaviour import mark
from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import big, quality, spec


async def containers(client: Client) -> list[JSON]:
    return (await client.get("/api/containers"))["containers"]


async def starts(client: Client) -> dict[str, int]:
    """Replica starts so far, by model and result, as Prometheus sees them."""
    async with client.http.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    prefix = "ai_dispatch_starts_total{"
    return {
        line[len(prefix) : line.index("}")]: int(float(line.split()[-1])) for line in lines if line.startswith(prefix)
    }


async def one_ready(client: Client, model: str) -> JSON:
    async def found() -> JSON | None:
        return next((c for c in await containers(client) if c["model"] == model and c["pid"]), None)

    return await until(found, f"a measured replica of {model}")


async def nothing_in_flight(client: Client) -> None:
    async def idle() -> bool:
        return client.sidecar.fleet.promised == 0

    await until(idle, "nothing in flight")


@pytest.mark.heavy
async def test_two_hundred_cold_callers_start_one_replica(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(slots=4), memory_mib=600, behaviour={"load_s": 0.5})
    replies = await asyncio.gather(*(client.ask(f"caller {index}") for index in range(200)))
    assert len({reply["dispatch_id"] for reply in replies}) == 200
    assert await starts(client) == {'model="small",result="ready"': 1}
    await nothing_in_flight(client)


async def test_a_caller_who_leaves_does_not_abort_the_load(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), behaviour={"load_s": 1.0})
    leaver = asyncio.create_task(client.ask())

    async def loading() -> bool:
        return any(replica.state is ReplicaState.LOADING for replica in client.sidecar.fleet)

    await until(loading, "the load has begun")
    leaver.cancel()
    await asyncio.gather(leaver, return_exceptions=True)
    assert (await client.ask())["decision"]["way"] in ("join", "warm")
    assert await starts(client) == {'model="small",result="ready"': 1}


@asynccontextmanager
async def hanging(client: Client, prompt: str = "x", **body: object) -> AsyncIterator[asyncio.Task[JSON]]:
    """A dispatch whose answer doesn't end, on its way; cancelled afterwards if the test didn't."""
    task = asyncio.create_task(client.ask(f"{prompt} {mark(fault='hang_midway')}", **body))

    async def in_flight() -> bool:
        return any(replica.in_flight for replica in client.sidecar.fleet)

    await until(in_flight, "the dispatch is being answered")
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_caller_who_leaves_in_the_middle_frees_the_replica_and_is_recorded(client: Client) -> None:
    await client.ask(model="small")
    async with hanging(client, model="small") as task:
        task.cancel()
        await nothing_in_flight(client)
    assert (await client.ask(model="small"))["text"]

    async def endings() -> bool:
        async with client.http.get("/metrics") as response:
            return 'ending="cancelled"' in await response.text()

    await until(endings, "the cancelled dispatch is counted")


@pytest.mark.heavy
async def test_a_deadline_ends_a_dispatch_and_frees_the_replica(client: Client) -> None:
    await client.ask(model="small")
    hang = mark(fault="hang_midway")
    reply = await client.ask(f"x {hang}", expect=504, model="small", requirements={"timeout": 3, "max_tokens": 20})
    assert reply["error"]["code"] == "deadline_exceeded"
    assert reply["error"]["retryable"] is True
    await nothing_in_flight(client)
    assert (await client.ask(model="small"))["text"]


@pytest.mark.heavy
async def test_a_long_queue_gets_a_second_replica_and_both_work(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(load_s=0.5), behaviour={"token_delay_s": 0.05})
    await client.ask("warm up")
    replies = await asyncio.gather(*(client.ask(f"one two three {index}") for index in range(24)))
    assert len(replies) == 24
    assert await starts(client) == {'model="small",result="ready"': 2}
    used = {reply["decision"]["way"] for reply in replies}
    assert used == {"warm"}


@pytest.mark.heavy
async def test_a_replica_that_would_not_fit_is_not_added(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(load_s=0.5), behaviour={"token_delay_s": 0.05}, memory_mib=400)
    await client.ask("warm up")
    await asyncio.gather(*(client.ask(f"one two three {index}") for index in range(24)))
    assert await starts(client) == {'model="small",result="ready"': 1}


@pytest.mark.heavy
async def test_a_busy_replica_is_waited_for_and_the_wait_is_told(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), behaviour={"token_delay_s": 0.05})
    await client.ask("warm up")
    replies = await asyncio.gather(*(client.ask("a b c") for _ in range(3)))
    waits = sorted(reply["timing"]["queue_s"] for reply in replies)
    assert waits[0] < 0.1 < waits[1] < waits[2]


async def test_more_than_may_wait_are_refused_at_once_and_told_when_to_come_back(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), queue_max=1)
    await client.ask()
    async with hanging(client), client.http.post("/api/dispatch", json={"prompt": "me too"}) as response:
        assert response.status == 429
        assert int(response.headers["Retry-After"]) >= 1
        error = (await response.json())["error"]
        assert (error["code"], error["retryable"]) == ("overloaded", True)


@pytest.mark.heavy
async def test_a_model_that_is_asked_too_much_leaves_room_for_the_others(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec("one"), spec("two"), queue_model_max=2, behaviour={"token_delay_s": 0.05})
    await client.ask(model="one", requirements={"max_tokens": 1})
    async with asyncio.TaskGroup() as group:
        many = [group.create_task(client.ask(f"number {index}", model="one")) for index in range(3)]

        async def are_there() -> bool:
            return client.sidecar.fleet.promised == 3

        await until(are_there, "three in hand")
        error = (await client.ask("one more", model="one", expect=429))["error"]
        assert "AI_DISPATCH_QUEUE_MODEL_MAX" in error["message"]
        assert error["retry_after_s"] > 0
        assert (await client.ask("another", model="two"))["model"] == "two"
        for task in many:
            task.cancel()


@pytest.mark.heavy
async def test_a_model_makes_room_for_another_when_memory_is_full(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), big(), memory_mib=2000)
    await client.ask(model="small")
    reply = await client.ask(model="big")
    assert reply["decision"]["way"] == "evict"
    assert [one["model"] for one in await containers(client)] == ["big"]


@pytest.mark.heavy
async def test_memory_promised_never_exceeds_the_budget_whatever_is_asked(start_sidecar: StartSidecar) -> None:
    models = [spec(f"m{index}", quality=quality(0.5)) for index in range(4)]
    client = await start_sidecar(*models, memory_mib=600, behaviour={"token_delay_s": 0.01})
    samples: list[int] = []

    async def watch() -> None:
        while True:
            samples.append(sum(one.footprint_mib for one in client.sidecar.fleet if one.is_admitted))
            await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    replies = await asyncio.gather(*(client.ask("a b", model=f"m{index % 4}") for index in range(12)))
    watching.cancel()
    assert len(replies) == 12
    assert 0 < max(samples) <= 600


@pytest.mark.heavy
async def test_forty_dispatches_for_two_models_that_do_not_fit_together_take_few_swaps(
    start_sidecar: StartSidecar,
) -> None:
    client = await start_sidecar(spec("one"), spec("two"), memory_mib=300, behaviour={"token_delay_s": 0.002})
    pins = [("one", "two")[index % 2] for index in range(40)]
    replies = await asyncio.gather(*(client.ask(f"number {index}", model=pin) for index, pin in enumerate(pins)))
    assert [reply["model"] for reply in replies] == pins
    assert sum((await starts(client)).values()) <= 4  # one after the other in order of arrival, it would be forty


@pytest.mark.heavy
async def test_an_urgent_dispatch_gets_its_model_although_the_one_in_memory_has_much_to_do(
    start_sidecar: StartSidecar,
) -> None:
    client = await start_sidecar(spec("one"), spec("two"), memory_mib=300, behaviour={"token_delay_s": 0.05})
    async with asyncio.TaskGroup() as group:
        many = [group.create_task(client.ask(f"number {index}", model="one")) for index in range(30)]
        urgent = {"model": "two", "requirements": {"timeout": 12, "max_tokens": 4, "on_infeasible": "best_effort"}}
        await asyncio.wait(many, return_when=asyncio.FIRST_COMPLETED)
        await client.ask("now", **urgent)
        assert sum(task.done() for task in many) < 30
        for task in many:
            task.cancel()


@pytest.mark.heavy
async def test_a_model_that_was_refused_only_for_being_cold_is_there_for_the_next_caller(
    start_sidecar: StartSidecar,
) -> None:
    client = await start_sidecar(spec(load_s=60.0), behaviour={"load_s": 0.1})
    limits = {"timeout": 20, "max_tokens": 8}
    error = (await client.ask(requirements=limits, expect=503))["error"]
    assert (error["code"], error["retryable"]) == ("deadline_infeasible", True)
    assert error["feasible_in_s"] > 20
    assert error["retry_after_s"] > 0

    async def is_up() -> bool:
        return [one["state"] for one in await containers(client)] == ["ready"]

    await until(is_up, "the model is up")
    assert (await client.ask(requirements=limits))["model"] == "small"


@pytest.mark.heavy
async def test_a_busy_replica_is_drained_not_cut_when_its_memory_is_wanted(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), big(), memory_mib=2000, behaviour={"token_delay_s": 0.1})
    await client.ask("warm up", model="small")
    slow = asyncio.create_task(client.ask("one two three four", model="small"))

    async def in_flight() -> bool:
        return any(replica.in_flight for replica in client.sidecar.fleet)

    await until(in_flight, "small is busy")
    other = await client.ask("x", model="big")
    assert other["decision"]["way"] == "evict"
    assert (await slow)["text"].startswith("You said 4 words")


@pytest.mark.heavy
async def test_an_idle_replica_is_stopped_and_comes_back_when_wanted(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), idle_stop_s=0.2)
    await client.ask()

    async def gone() -> bool:
        return not await containers(client)

    await until(gone, "the idle replica is stopped")
    assert (await client.ask())["decision"]["way"] == "load"


@pytest.mark.heavy
async def test_idle_stops_never_lose_a_dispatch_that_comes_at_that_moment(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), idle_stop_s=0.05)
    for pause_s in [0.01 * step for step in range(12)]:
        assert (await client.ask())["text"]
        await asyncio.sleep(pause_s)


async def test_a_replica_that_is_killed_is_replaced(client: Client) -> None:
    await client.ask(model="small")
    pid = (await one_ready(client, "small"))["pid"]
    os.kill(pid, signal.SIGKILL)
    reply = await client.ask(model="small")
    assert reply["text"]
    assert (await one_ready(client, "small"))["pid"] != pid


@pytest.mark.heavy
async def test_a_replica_that_dies_idle_leaves_the_table(client: Client) -> None:
    await client.ask(model="small")
    os.kill((await one_ready(client, "small"))["pid"], signal.SIGKILL)

    async def gone() -> bool:
        return not await containers(client)

    await until(gone, "the dead replica is out of the table")


@pytest.mark.heavy
async def test_a_model_that_cannot_start_says_why_and_is_left_alone_for_a_while(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), big(), behaviour={"model": "big", "exit_at_start": 3})
    reply = await client.ask(model="big", expect=503)
    assert reply["error"]["code"] == "replica_start_failed"
    assert "exit code 3" in reply["error"]["message"]
    again = await client.ask(model="big", expect=503)
    assert again["error"]["code"] == "no_eligible_model"
    assert "failed to start" in again["error"]["message"]
    assert (await client.ask())["model"] == "small"
    ready = await client.get("/ready")
    assert ready["status"] == "degraded"
    assert "big" in ready["parts"]["models"]["detail"]


@pytest.mark.heavy
async def test_a_model_that_runs_out_of_memory_is_tried_once_more_with_more(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), behaviour={"exit_at_start": 5})
    before_mib = (await client.get("/api/models/small"))["memory_mib"]
    reply = await client.ask(expect=503)
    assert reply["error"]["code"] == "replica_start_failed"
    assert (await client.get("/api/models/small"))["memory_mib"] == round(before_mib * 1.5)
    assert await starts(client) == {'model="small",result="out_of_memory"': 1, 'model="small",result="failed"': 1}
    await client.close()
    again = await start_sidecar(spec(), folder=client.folder)
    assert (await again.get("/api/models/small"))["memory_mib"] >= round(before_mib * 1.5)


@pytest.mark.heavy
async def test_a_start_that_takes_too_long_is_ended(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), behaviour={"load_s": 60}, start_timeout_s=1.5)
    reply = await client.ask(expect=503)
    assert "AI_DISPATCH_START_TIMEOUT_S" in reply["error"]["message"]

    async def ended() -> bool:
        return await containers(client) == []

    await until(ended, "its process is ended")


async def test_stopping_the_sidecar_leaves_no_process_behind(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar()
    await client.ask(model="small")
    await client.ask(model="big")
    pids = [(await one_ready(client, model))["pid"] for model in ("small", "big")]
    children = [psutil.Process(pid) for pid in pids]
    await client.close()
    assert not [child for child in children if child.is_running()]


@pytest.mark.heavy
async def test_a_server_that_ignores_being_told_to_stop_is_killed(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), big(), memory_mib=2000, behaviour={"model": "small", "ignores_sigterm": True})
    await client.ask(model="small")
    pid = (await one_ready(client, "small"))["pid"]
    assert (await client.ask(model="big"))["text"]
    assert not psutil.pid_exists(pid)


@pytest.mark.heavy
async def test_a_replica_that_freezes_in_the_middle_is_an_error_in_time(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), behaviour={"token_delay_s": 0.2})
    await client.ask("warm")
    pid = (await one_ready(client, "small"))["pid"]
    slow = asyncio.create_task(client.ask("a b c d e", expect=504, requirements={"timeout": 4, "max_tokens": 60}))

    async def in_flight() -> bool:
        return any(replica.in_flight for replica in client.sidecar.fleet)

    await until(in_flight, "the dispatch is being answered")
    os.kill(pid, signal.SIGSTOP)
    assert (await slow)["error"]["code"] == "deadline_exceeded"
