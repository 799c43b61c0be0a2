"""Callers who leave at any moment leave nothing behind: no slot, no place in line, no task, no open file."""

import asyncio
import random
from collections import Counter

import aiohttp
import psutil
import pytest

from tests.fakes.behaviour import mark
from tests.integration.conftest import Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import big, spec

AT_ONCE = 40
KINDS = (
    mark(token_delay_s=0.02),  # is answered in a moment
    mark(token_delay_s=0.2),
    mark(fault="hang"),
    mark(fault="hang_midway"),
    mark(fault="hang_midway", lingers_s=0.2),  # its server notices late
    mark(fault="cut_midway"),
    mark(fault="status"),
)


async def call_and_leave(client: Client, rng: random.Random, outcomes: Counter[str]) -> None:
    """One caller, who leaves while it waits for memory or for a slot, while it is answered, or after that."""
    body = {
        "prompt": f"a b c {rng.choice(KINDS)}",
        "model": rng.choice(["small", "big", "auto"]),
        "stream": rng.random() < 0.5,
        "requirements": {"timeout": 60, "max_tokens": 20},
    }
    headers = {"Authorization": f"Bearer {client.token('dispatch')}"}
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(client.sidecar.base_url, headers=headers, connector=connector) as http:
        try:
            async with asyncio.timeout(rng.expovariate(2.0)), http.post("/api/dispatch", json=body) as response:
                await response.read()
                outcomes[str(response.status)] += 1
        except TimeoutError:
            outcomes["left"] += 1


async def all_leave(client: Client, count: int) -> Counter[str]:
    """As many callers, some at a time."""
    outcomes: Counter[str] = Counter()
    rng = random.Random(count)
    turns = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with turns:
            await call_and_leave(client, rng, outcomes)

    await asyncio.gather(*(one() for _ in range(count)))
    return outcomes


def left_behind() -> tuple[Counter[str], int]:
    """The tasks there are, by what they do, and the number of open files."""
    tasks = Counter(task.get_name().split(" aid")[0].rstrip("-0123456789") for task in asyncio.all_tasks())
    return tasks, psutil.Process().num_fds()


@pytest.mark.heavy
@pytest.mark.parametrize("count", [100, 1000])
@pytest.mark.timeout(600)
async def test_callers_who_leave_at_any_moment_leave_nothing_behind(start_sidecar: StartSidecar, count: int) -> None:
    client = await start_sidecar(spec(slots=4), big(load_s=1.0), memory_mib=2000, behaviour={"load_s": 0.3})
    await client.ask(model="small")
    tasks, files = left_behind()

    outcomes = await all_leave(client, count)
    assert outcomes["left"] > count / 10, outcomes

    async def nothing_is_held() -> bool:
        return client.sidecar.fleet.promised == 0

    await until(nothing_is_held, "no slot and no place in line is held", within_s=60.0)
    assert (await client.ask(model="small"))["text"]

    async def as_before() -> bool:
        now_tasks, now_files = left_behind()
        return not now_tasks - tasks and now_files <= files

    await until(as_before, f"no more tasks than {tasks} and no more open files than {files}", within_s=60.0)
