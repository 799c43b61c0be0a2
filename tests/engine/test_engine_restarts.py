"""A Docker engine that is restarted under a sidecar, in order or by kill -9, with and without live-restore."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.engine.dockerd import PrivateEngine
from tests.engine.replicas import names, on
from tests.engine.test_sidecar_on_docker import Owner, running
from tests.integration.waiting import until

# The SDK drops the socket of a connection that the engine's end refuses; the collector closes it, whenever it likes.
pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

_AWAY = ("host_unreachable", "runtime_unreachable", "runtime_incomplete")
_DEADLINE_S = 30
_ASKED = {"prompt": "Name a colour.", "model": "boxed", "requirements": {"max_tokens": 2, "timeout": _DEADLINE_S}}
_NETWORK = "aidtest-network"
_WITHOUT = 20  # warm requests while there is no engine
_LATE_S = 5  # what comes later than this after its deadline is a hang

End = Callable[[PrivateEngine], None]
ENDS: tuple[End, ...] = (PrivateEngine.stop, PrivateEngine.kill)


@pytest.fixture(autouse=True)
def sockets_are_collected_here() -> Iterator[None]:
    yield
    gc.collect()


@pytest.mark.parametrize("own_engine", [True], indirect=True)
async def test_with_live_restore_no_warm_request_fails_and_the_container_is_kept(
    own_engine: PrivateEngine, weights: Path, tmp_path: Path
) -> None:
    # In a network of its own, as composed: ports that are published on loopback go away with the engine.
    await on(own_engine, lambda client: client.create_network(_NETWORK))
    async with running(own_engine, weights, tmp_path, docker_network=_NETWORK) as owner:
        await owner.ask(model="boxed")
        (before,) = await owner.containers()
        for end in ENDS:
            async with asking(owner) as replies:
                await asyncio.to_thread(end, own_engine)
                await until(lambda: sees_the_engine(owner, False), "the sidecar misses the engine", 30)
                await until(more_than(replies, len(replies) + _WITHOUT), "warm requests are answered", 60)
                await asyncio.to_thread(own_engine.start_dockerd)
                await until(lambda: sees_the_engine(owner, True), "the sidecar sees the engine", 60)
            assert [reply for status, reply in replies if status != 200] == []
            assert {len(reply["attempts"]) for _, reply in replies} == {1}
            assert {reply["decision"]["way"] for _, reply in replies} == {"warm"}
            (after,) = await owner.containers()
            assert (after["id"], after["state"]) == (before["id"], "ready")
            assert await names(own_engine) == {f"ai-dispatch-{before['id']}"}
        assert (await owner.ask(model="other"))["text"]
    assert await names(own_engine) == set()


@pytest.mark.parametrize("own_engine", [False], indirect=True)
async def test_without_it_every_request_is_an_answer_or_a_typed_error_and_the_table_is_right_afterwards(
    own_engine: PrivateEngine, weights: Path, tmp_path: Path
) -> None:
    async with running(own_engine, weights, tmp_path) as owner:
        await owner.ask(model="boxed")
        for end in ENDS:
            async with asking(owner) as replies:
                await asyncio.to_thread(end, own_engine)
                await until(lambda: refused(replies), "a request finds the engine away", 60)
                await asyncio.to_thread(own_engine.start_dockerd)
                await until(lambda: answered_last(replies), "requests are answered again", 90)
            odd = [reply for status, reply in replies if status != 200 and reply["error"]["code"] not in _AWAY]
            assert odd == []
            assert all(reply["error"]["retryable"] for status, reply in replies if status != 200)
            await until(lambda: table_is_right(owner, own_engine), "table and engine name the same container", 60)
    assert await names(own_engine) == set()


Replies = list[tuple[int, dict[str, Any]]]


@asynccontextmanager
async def asking(owner: Owner) -> AsyncIterator[Replies]:
    """Two callers that ask again and again inside the block; each reply, with its status."""
    replies: Replies = []
    is_over = asyncio.Event()

    async def caller() -> None:
        while not is_over.is_set():
            late = asyncio.timeout(_DEADLINE_S + _LATE_S)
            async with late, owner.http.post("/api/dispatch", json=_ASKED) as response:
                replies.append((response.status, await response.json()))

    async with asyncio.TaskGroup() as callers:
        for _ in range(2):
            callers.create_task(caller())
        try:
            yield replies
        finally:
            is_over.set()


async def sees_the_engine(owner: Owner, wanted: bool) -> bool:
    status = (await owner.call("GET", "/ready"))["parts"]["docker"]["status"]
    return bool((status == "ok") is wanted)


async def refused(replies: Replies) -> bool:
    return any(status == 503 and reply["error"]["code"] == "host_unreachable" for status, reply in replies)


def more_than(replies: Replies, count: int) -> Callable[[], Awaitable[bool]]:
    async def probe() -> bool:
        return len(replies) > count

    return probe


async def answered_last(replies: Replies) -> bool:
    return replies[-1][0] == 200


async def table_is_right(owner: Owner, engine: PrivateEngine) -> bool:
    table = await owner.containers()
    there = {f"ai-dispatch-{one['id']}" for one in table if one["state"] == "ready"}
    return bool(there) and len(there) == len(table) and there == await names(engine)
