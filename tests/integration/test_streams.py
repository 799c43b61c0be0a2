"""Streams: cut answers are told as such, and a caller who doesn't read, or leaves, holds nobody."""

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.fakes.behaviour import mark
from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import spec

BIG = ("x" * 15_000 + " ") * 260  # more than what the system buffers for a socket


@asynccontextmanager
async def connected(client: Client, body: JSON) -> AsyncIterator[socket.socket]:
    """A caller who has sent a dispatch, and has read nothing yet."""
    text = json.dumps(body).encode()
    head = (
        f"POST /api/dispatch HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {client.token('dispatch')}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    port = int(client.sidecar.base_url.rpartition(":")[2])
    with socket.socket() as caller:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(caller, ("127.0.0.1", port))
        await loop.sock_sendall(caller, head.encode() + text)
        yield caller


async def switch(client: Client, **switches: object) -> None:
    """Set the behaviour of every replica's fake server from now on."""
    for replica in client.sidecar.fleet:
        assert replica.endpoint is not None
        body = io.BytesIO(json.dumps(switches).encode())
        async with client.http.post(f"{replica.endpoint.base_url}/fake/behaviour", data=body) as response:
            assert response.status == 200


async def events_of(client: Client, body: JSON) -> list[tuple[str, JSON]]:
    async with client.http.post("/api/dispatch", json={"stream": True, **body}) as response:
        assert response.status == 200
        blocks = (await response.text()).strip().split("\n\n")
    parsed = [block.split("\n", 1) for block in blocks]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in parsed]


def in_flight(client: Client, count: int) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return sum(replica.in_flight for replica in client.sidecar.fleet) == count

    return holds


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("cut_midway", "runtime_incomplete"),
        ("no_end_marker", "runtime_incomplete"),
        ("error_midway", "runtime_fault"),
        ("not_json_midway", "runtime_bad_answer"),
        ("crash_midway", "runtime_incomplete"),
    ],
)
async def test_text_that_is_only_a_part_of_the_answer_is_flagged(client: Client, fault: str, code: str) -> None:
    await client.ask(model="small")
    events = await events_of(client, {"prompt": f"a b c {mark(fault=fault)}", "model": "small"})
    assert [name for name, _ in events if name != "waiting"][-1] == "error"
    assert "text" in [name for name, _ in events]
    error: Any = events[-1][1]["error"]
    assert (error["code"], error["incomplete"]) == (code, True)


async def test_text_that_is_whole_and_of_the_wrong_shape_is_not_flagged(client: Client) -> None:
    body = {"prompt": f"a {mark(answer='no json at all')}", "model": "small", "requirements": {"format": "json"}}
    (name, data) = (await events_of(client, body))[-1]
    assert (name, data["error"]["code"], data["error"]["incomplete"]) == ("error", "invalid_answer", False)


@pytest.mark.heavy
async def test_a_caller_who_does_not_read_is_cut_off_and_holds_no_engine(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(context_tokens=32_768), write_timeout_s=0.5)
    await client.ask()
    await switch(client, answer=BIG)
    body = {"prompt": "x", "stream": True, "requirements": {"timeout": 60, "max_tokens": 20_000}}
    async with connected(client, body):
        await until(in_flight(client, 1), "it is being answered")
        await until(in_flight(client, 0), "it is cut off")
    await switch(client, answer=None)
    assert (await client.ask())["text"]

    async def recorded() -> bool:
        rows = (await client.get("/api/performance"))["rows"]
        async with client.http.get("/metrics") as response:
            return rows and 'ending="cancelled"' in await response.text()

    await until(recorded, "the log tells of it")


@pytest.mark.heavy
async def test_a_caller_who_reads_slowly_slows_the_runtime_and_gets_it_all(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(context_tokens=32_768))
    await client.ask()
    await switch(client, answer=BIG)
    body = {"prompt": "x", "stream": True, "requirements": {"timeout": 60, "max_tokens": 20_000}}
    async with connected(client, body) as caller:
        await until(in_flight(client, 1), "it is being answered")
        await asyncio.sleep(0.5)
        assert await in_flight(client, 1)(), "what isn't read stays with the runtime"
        read = b""
        while not read.endswith(b"0\r\n\r\n"):
            piece = await asyncio.get_running_loop().sock_recv(caller, 1 << 20)
            assert piece
            read = read[-64:] + piece
        assert b'"succeeded":true' in read  # in its last event
    await until(in_flight(client, 0), "it has ended")
