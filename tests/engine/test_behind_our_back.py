"""Containers that someone else stops, kills or pauses: callers get an answer or a reason, and they are replaced."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.engine.dockerd import PrivateEngine
from tests.engine.replicas import names, on
from tests.engine.test_sidecar_on_docker import Owner, running
from tests.integration.waiting import until

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

_DEADLINE_S = 60
_LATE_S = 5  # what comes later than this after its deadline is a hang
_LONG = {"prompt": "Tell a very long story about a lighthouse.", "model": "boxed"}

Deed = Callable[[Any, str], None]


def stopped(client: Any, name: str) -> None:
    client.stop(name, timeout=5)


def killed(client: Any, name: str) -> None:
    client.kill(name)


def paused(client: Any, name: str) -> None:
    client.pause(name)


deeds = pytest.mark.parametrize("deed", [stopped, killed, paused])


@pytest.fixture
async def owner(engine: PrivateEngine, weights: Path, tmp_path: Path) -> AsyncIterator[Owner]:
    async with running(engine, weights, tmp_path, memory_mib=700) as found:  # room for one replica
        yield found
    assert await names(engine) == set()


@deeds
async def test_an_idle_container_is_replaced_for_who_asks_next(owner: Owner, engine: PrivateEngine, deed: Deed) -> None:
    await owner.ask(model="boxed")
    (name,) = await names(engine)
    await on(engine, lambda client: deed(client, name))
    async with asyncio.timeout(_DEADLINE_S + _LATE_S):
        reply = await owner.ask(model="boxed", requirements={"max_tokens": 4, "timeout": _DEADLINE_S})
    assert reply["text"]
    await the_table_is_right(owner, engine, without=name)


@deeds
async def test_who_is_being_answered_is_told_and_who_waits_is_answered(
    owner: Owner, engine: PrivateEngine, deed: Deed
) -> None:
    await owner.ask(model="boxed")
    (name,) = await names(engine)
    async with asyncio.timeout(_DEADLINE_S + _LATE_S), streaming(owner) as events:
        assert (await anext(events))[0] == "text"
        waiting = asyncio.create_task(owner.ask(model="boxed", requirements={"max_tokens": 4, "timeout": _DEADLINE_S}))
        await until(lambda: somebody_waits(owner), "the other caller waits")
        await on(engine, lambda client: deed(client, name))
        *_, (kind, last) = [event async for event in events]
        assert kind == "error", last
        assert last["error"]["code"] in ("runtime_incomplete", "runtime_unreachable")
        assert last["error"]["retryable"] is True
        assert (await waiting)["text"]
    await the_table_is_right(owner, engine, without=name)
    assert (await owner.ask(model="boxed"))["decision"]["way"] == "warm"


@deeds
async def test_an_answer_of_which_nothing_was_sent_yet_is_written_anew(
    owner: Owner, engine: PrivateEngine, deed: Deed
) -> None:
    await owner.ask(model="boxed")
    (name,) = await names(engine)
    async with asyncio.timeout(_DEADLINE_S + _LATE_S):
        limits = {"max_tokens": 200, "timeout": _DEADLINE_S}
        asked = asyncio.create_task(owner.ask(**_LONG, requirements=limits))
        await until(lambda: somebody_is_answered(owner), "it is being answered")
        await on(engine, lambda client: deed(client, name))
        reply = await asked
    assert reply["text"]
    assert [attempt["error"] for attempt in reply["attempts"]] != [None]
    await the_table_is_right(owner, engine, without=name)


@asynccontextmanager
async def streaming(owner: Owner) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
    """A long answer, event by event."""
    asked = _LONG | {"stream": True, "requirements": {"max_tokens": 700, "timeout": _DEADLINE_S}}
    async with owner.http.post("/api/dispatch", json=asked) as response:
        yield _events(response)


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    kind = ""
    async for line in response.content:
        name, _, value = line.decode().strip().partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


async def somebody_waits(owner: Owner) -> bool:
    return any(one["waiting"] for one in await owner.containers())


async def somebody_is_answered(owner: Owner) -> bool:
    return any(one["in_flight"] for one in await owner.containers())


async def the_table_is_right(owner: Owner, engine: PrivateEngine, *, without: str) -> None:
    """Wait until one container is there, and one in the table, the same; it isn't the old one."""

    async def right() -> bool:
        table = await owner.containers()
        there = await names(engine)
        return [f"ai-dispatch-{one['id']}" for one in table if one["state"] == "ready"] == list(there) != [without]

    await until(right, "table and engine name one new container")
