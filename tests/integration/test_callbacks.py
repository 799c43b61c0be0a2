"""A finished job is told to the address its caller gave, if the admin allowed that host."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from tests.fakes.behaviour import mark
from tests.integration.conftest import JSON, Client, StartSidecar
from tests.integration.waiting import until


@dataclass
class Listener:
    """Someone to call back: answers with these statuses, the last one for ever."""

    port: int = 0
    statuses: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    heard: list[tuple[str, JSON]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/resume?x=1"

    async def handle(self, request: web.Request) -> web.Response:
        self.heard.append((request.path_qs, json.loads(await request.read() or b"{}")))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return web.Response(status=status, headers=self.headers)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async for one in _listening():
        yield one


@pytest.fixture
async def bystander() -> AsyncIterator[Listener]:
    async for one in _listening():
        yield one


async def _listening() -> AsyncIterator[Listener]:
    one = Listener()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", one.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.port = runner.addresses[0][1]
    yield one
    await runner.cleanup()


async def told(client: Client, result: str, count: int = 1) -> None:
    """Wait until so many callbacks have ended so."""

    async def counted() -> bool:
        async with client.http.get("/metrics") as response:
            line = f'ai_dispatch_job_callbacks_total{{result="{result}"}} {float(count)}'
            return line in (await response.text()).splitlines()

    await until(counted, f"{count} callbacks {result}")


async def test_a_finished_job_is_told_as_it_would_be_read(start_sidecar: StartSidecar, listener: Listener) -> None:
    client = await start_sidecar(callback_hosts="127.0.0.1")
    job_id = (await client.post("/api/jobs", {"prompt": "hi", "callback_url": listener.url}, 202))["job_id"]
    await told(client, "delivered")
    ((path, heard),) = listener.heard
    assert path == "/resume?x=1"
    assert heard["result"]["text"]
    assert heard == await client.get(f"/api/jobs/{job_id}")


async def test_a_job_that_failed_or_was_cancelled_is_told_too(start_sidecar: StartSidecar, listener: Listener) -> None:
    client = await start_sidecar(callback_hosts=f"localhost, 127.0.0.1:{listener.port}")
    broken = {"prompt": f"x {mark(answer='no json')}", "requirements": {"format": "json"}}
    await client.post("/api/jobs", {**broken, "callback_url": listener.url}, 202)
    await told(client, "delivered")
    hang = {"prompt": f"x {mark(fault='hang')}", "callback_url": listener.url}
    job_id = (await client.post("/api/jobs", hang, 202))["job_id"]
    await client.post("/api/jobs/cancel", {"ids": [job_id]})
    await told(client, "delivered", 2)
    assert [heard["error"]["code"] for _, heard in listener.heard] == ["invalid_answer", "job_cancelled"]


@pytest.mark.heavy
async def test_who_does_not_listen_yet_is_told_later(start_sidecar: StartSidecar, listener: Listener) -> None:
    client = await start_sidecar(callback_hosts="127.0.0.1")
    listener.statuses = [404, 500, 204]
    await client.post("/api/jobs", {"prompt": "hi", "callback_url": listener.url}, 202)
    await told(client, "delivered")
    await told(client, "again", 2)
    assert len(listener.heard) == 3


@pytest.mark.heavy
async def test_a_callback_survives_a_restart(start_sidecar: StartSidecar, listener: Listener) -> None:
    client = await start_sidecar(callback_hosts="127.0.0.1")
    listener.statuses = [503, 200]
    await client.post("/api/jobs", {"prompt": "hi", "callback_url": listener.url}, 202)
    await told(client, "again")
    await client.close()
    client = await start_sidecar(callback_hosts="127.0.0.1")
    await told(client, "delivered")


async def test_nobody_is_followed_elsewhere(
    start_sidecar: StartSidecar, listener: Listener, bystander: Listener
) -> None:
    client = await start_sidecar(callback_hosts=f"127.0.0.1:{listener.port}")
    listener.statuses, listener.headers = [307], {"Location": bystander.url}
    await client.post("/api/jobs", {"prompt": "hi", "callback_url": listener.url}, 202)
    await told(client, "given_up")
    assert (len(listener.heard), bystander.heard) == (1, [])


async def test_hosts_that_the_admin_did_not_name_are_refused_before_anything_is_accepted(
    start_sidecar: StartSidecar, listener: Listener, bystander: Listener
) -> None:
    client = await start_sidecar(callback_hosts=f"127.0.0.1:{listener.port},n8n")
    port = bystander.port
    for url, named in (
        (bystander.url, "AI_DISPATCH_CALLBACK_HOSTS"),
        (f"http://localhost:{listener.port}/", "AI_DISPATCH_CALLBACK_HOSTS"),
        (f"http://n8n.evil.example:{port}/", "AI_DISPATCH_CALLBACK_HOSTS"),
        (f"http://127.0.0.1:{listener.port}@127.0.0.1:{port}/", "look like"),
        (f"http://127.0.0.1:{port}\\@n8n/", "look like"),
        (f"http://127.0.0.1:{port}#@n8n/", "look like"),
        ("http://2130706433/", "AI_DISPATCH_CALLBACK_HOSTS"),
        ("file:///etc/passwd", "look like"),
        ("gopher://n8n/", "look like"),
        ("//n8n/", "look like"),
        ("http://n8n:0/", "look like"),
        ("http://n8n:99999/", "look like"),
        ("http://n8n /", "look like"),
        ("http://n8n/\n", "look like"),
        ("", "look like"),
    ):
        reply = await client.post("/api/jobs", {"prompt": "hi", "callback_url": url}, 422)
        assert reply["error"]["message"].startswith("callback_url: "), url
        assert named in reply["error"]["message"], url
    assert (await client.get("/api/jobs"))["jobs"] == []
    assert bystander.heard == []


@pytest.mark.heavy
async def test_a_host_that_is_not_allowed_any_more_is_not_called(
    start_sidecar: StartSidecar, listener: Listener
) -> None:
    client = await start_sidecar(callback_hosts="127.0.0.1")
    listener.statuses = [503]
    await client.post("/api/jobs", {"prompt": "hi", "callback_url": listener.url}, 202)
    await told(client, "again")
    await client.close()
    heard = len(listener.heard)
    client = await start_sidecar()
    await told(client, "given_up")
    assert len(listener.heard) == heard
