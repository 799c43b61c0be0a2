"""Servers that an admin entered are connected to at allowed addresses only, whatever the URL or DNS says."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from dispatcher.core.addresses import Network, networks_of
from dispatcher.core.deadline import Deadline
from dispatcher.core.model import RuntimeKind
from dispatcher.core.outcome import Ask
from dispatcher.core.remote_url import openai_url
from dispatcher.core.replica import Endpoint
from dispatcher.core.task import Message, ModelId, Role
from dispatcher.errors import RuntimeDenied, RuntimeUnreachable
from dispatcher.runtimes.guarded import denial_in, new_guarded_session
from dispatcher.runtimes.openai import OpenAIRuntime
from dispatcher.runtimes.remote_probe import RemoteProbe
from tests.unit.core.refused_urls import REFUSED


class Canary:
    """Listens on loopback, in both families, and counts who comes."""

    def __init__(self) -> None:
        self.port = 0
        self.came = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Canary"]:
        first = await asyncio.start_server(self._seen, "127.0.0.1", 0)
        self.port = first.sockets[0].getsockname()[1]
        second = await asyncio.start_server(self._seen, "::1", self.port)
        async with first, second:
            yield self

    async def _seen(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        writer.close()


class Dns(AbstractResolver):
    """Answers with one list of addresses after the other; the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in answer
        ]

    async def close(self) -> None:
        pass


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    async with Canary().listening() as one:
        yield one


@asynccontextmanager
async def session_with(allowed: Sequence[Network], dns: AbstractResolver) -> AsyncIterator[aiohttp.ClientSession]:
    async with new_guarded_session(allowed, dns) as session:
        yield session


HIDDEN = [
    "http://127.0.0.1:{port}/", "http://127.0.0.1.:{port}/", "http://localhost:{port}/", "http://LOCALHOST:{port}/",
    "http://localhost.:{port}/", "http://sub.localhost:{port}/", "http://127.1:{port}/", "http://127.0.1:{port}/",
    "http://127.127.127.127:{port}/", "http://2130706433:{port}/", "http://0x7f000001:{port}/",
    "http://017700000001:{port}/", "http://0x7f.1:{port}/", "http://0177.0.0.1:{port}/", "http://0:{port}/",
    "http://0.0.0.0:{port}/", "http://[::1]:{port}/", "http://[::]:{port}/", "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/", "http://[::ffff:7f00:1]:{port}/", "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::127.0.0.1]:{port}/", "http://[64:ff9b:1::127.0.0.1]:{port}/", "http://[2002:7f00:1::1]:{port}/",
    "http://[::ffff:0:127.0.0.1]:{port}/", "http://[fe80::1]:{port}/", "http://[fe80::1%25lo]:{port}/",
    "http://user@127.0.0.1:{port}/", "http://a.example@127.0.0.1:{port}/", "http://127.0.0.1:{port}@a.example/",
    "http://a.example#@127.0.0.1:{port}/", "http://127.0.0.1:{port}#.a.example", "http://127.0.0.1:{port}?.a.example",
    "http://a.example\\@127.0.0.1:{port}/", "http://127\u30020\u30020\u30021:{port}/", "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:{port}/",
    "http://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54:{port}/", "http://127.0.0.1%2f.a.example:{port}/", "http://127.0.0.1%00:{port}/",
    "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/latest/", "http://metadata.google.internal/",
    "http://100.100.100.200/", "http://168.63.129.16/", "http://10.0.0.1:{port}/", "http://172.16.0.1:{port}/",
    "http://192.168.0.1:{port}/", "http://100.64.0.1:{port}/", "http://[fc00::1]:{port}/", "http://224.0.0.1:{port}/",
    "http://255.255.255.255:{port}/", "http://name.example:{port}/", "https://name.example:{port}/",
    "http://127.0.0.1.nip.example:{port}/", "http://rebind.example:{port}/", "unix:///tmp/x", "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/", "ftp://127.0.0.1:{port}/", "http+unix://127.0.0.1:{port}/", "//127.0.0.1:{port}/",
    "http:/127.0.0.1:{port}/", "http:127.0.0.1:{port}", "http://127.0.0.1:{port}\r\nHost: x", "ws://127.0.0.1:{port}/",
    "wss://127.0.0.1:{port}/", "HTTP://127.0.0.1:{port}/",
]  # fmt: skip


@pytest.mark.parametrize("text", [*HIDDEN, *REFUSED])
async def test_no_way_of_writing_it_leads_to_loopback(text: str, canary: Canary) -> None:
    """Neither by way of an entry, nor if one got past that: the connections themselves are guarded."""
    url = text.replace("{port}", str(canary.port))
    tried = [url]
    with suppress(ValueError):
        tried.append(str(openai_url(url)))
    async with session_with((), Dns(["127.0.0.1", "::1"])) as session:
        for one in tried:
            with pytest.raises((aiohttp.ClientError, OSError, ValueError, AssertionError)):  # the last: no scheme
                await session.get(one, allow_redirects=False, timeout=aiohttp.ClientTimeout(total=2))
    assert canary.came == 0


async def test_the_table_is_long_enough() -> None:
    assert len(HIDDEN) >= 60


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "169.254.169.254", "::ffff:127.0.0.1"])
async def test_a_name_that_also_leads_inside_is_not_asked_at_all(address: str, canary: Canary) -> None:
    outside = networks_of("127.0.0.2/32")
    for answer in (["127.0.0.2", address], [address, "127.0.0.2"]):
        dns = Dns(answer)
        async with session_with(outside, dns) as session:
            with pytest.raises(aiohttp.ClientConnectorError) as caught:
                await session.get(f"http://name.example:{canary.port}/")
        assert denial_in(caught.value) is not None
    assert canary.came == 0


async def test_a_name_that_changes_its_mind_is_looked_at_for_each_connection(canary: Canary) -> None:
    """DNS rebinding: what was good when it was looked at is what is connected to, and is looked at again next time."""
    app = web.Application()
    app.router.add_get("/", _fine)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.2", canary.port).start()  # stands for an address of the internet
    dns = Dns(["127.0.0.2"], ["127.0.0.1"])
    try:
        async with session_with(networks_of("127.0.0.2/32"), dns) as session:
            async with session.get(f"http://rebind.example:{canary.port}/") as response:
                assert response.status == 200
            assert dns.asked == 1
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(f"http://rebind.example:{canary.port}/")
            assert dns.asked == 2
    finally:
        await runner.cleanup()
    assert canary.came == 0


async def test_an_allowed_network_is_connected_to(canary: Canary) -> None:
    async with session_with(networks_of("127.0.0.0/8"), Dns(["127.0.0.1"])) as session:
        with pytest.raises(aiohttp.ClientConnectionError):  # the canary hangs up
            await session.get(f"http://name.example:{canary.port}/")
    assert canary.came >= 1


async def test_no_redirect_is_followed_and_no_key_sent_along(canary: Canary) -> None:
    seen: list[str | None] = []

    async def elsewhere(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(status=307, headers={"Location": f"http://127.0.0.1:{canary.port}{request.path}"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    endpoint = Endpoint(base_url, "secret", api_path="", model="m", is_foreign=True, is_llama_cpp=False)
    try:
        async with session_with(networks_of("127.0.0.0/8"), Dns(["127.0.0.1"])) as session:
            looked = await RemoteProbe(session).look(endpoint, RuntimeKind.OPENAI)
            assert "isn't followed" in (looked.why_not or "")
            now = asyncio.get_running_loop().time
            ask = Ask(ModelId("m"), (Message(Role.USER, "Hello"),), 8)
            with pytest.raises(RuntimeDenied, match="isn't followed"):
                await OpenAIRuntime(session, now).complete(endpoint, ask, Deadline.after(now(), 5.0))
    finally:
        await runner.cleanup()
    assert seen == ["Bearer secret", "Bearer secret"]
    assert canary.came == 0


async def test_what_is_denied_is_told_in_words(canary: Canary) -> None:
    endpoint = Endpoint(f"http://name.example:{canary.port}/v1", "", api_path="", model="m", is_foreign=True)
    async with session_with((), Dns(["127.0.0.1"])) as session:
        looked = await RemoteProbe(session).look(endpoint, RuntimeKind.OPENAI)
        assert "AI_DISPATCH_REMOTE_NETWORKS" in (looked.why_not or "")
        now = asyncio.get_running_loop().time
        ask = Ask(ModelId("m"), (Message(Role.USER, "Hello"),), 8)
        with pytest.raises(RuntimeUnreachable):
            await OpenAIRuntime(session, now).complete(endpoint, ask, Deadline.after(now(), 5.0))
    assert canary.came == 0


async def _fine(_request: web.Request) -> web.Response:
    return web.Response()
