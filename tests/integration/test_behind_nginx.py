"""The README's lines for nginx, in a real nginx: streams come through at once, and whoever leaves is noticed."""

import asyncio
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.program import free_port
from tests.fakes.behaviour import mark
from tests.integration.conftest import Client, StartSidecar
from tests.integration.running import listens
from tests.integration.running import until as until_fact
from tests.integration.waiting import until

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.heavy


def server_block() -> str:
    """What the README tells to put into nginx's configuration."""
    (block,) = re.findall(r"```nginx\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return str(block)


@pytest.fixture(scope="session")
def nginx() -> str:
    """The program, installed first if it is missing and may be."""
    if not shutil.which("nginx") and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for line in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", "nginx-light"]):
            subprocess.run(["apt-get", *line], env=environment, check=False, capture_output=True)
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    assert found, "nginx is missing: apt install nginx-light"
    return found


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate that it signed itself, as `key` and `pem`."""
    folder = tmp_path_factory.mktemp("certificate")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ai.example.com"
    files = ["-keyout", folder / "key", "-out", folder / "pem"]
    subprocess.run(["openssl", *words.split(), *files], check=True, capture_output=True)
    return folder


@asynccontextmanager
async def in_front(
    nginx: str, client: Client, certificate: Path, more: str = ""
) -> AsyncIterator[aiohttp.ClientSession]:
    """A caller of the sidecar who goes through nginx, with `more` lines beside `proxy_pass`."""
    port, folder = free_port(), client.folder / "nginx"
    for name in ("body", "proxy"):
        (folder / name).mkdir(parents=True)
    block = server_block().replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    block = block.replace("http://127.0.0.1:3000;", f"{client.sidecar.base_url};\n{more}")
    for kind in ("key", "pem"):
        block = block.replace(f"/etc/nginx/ai.example.com.{kind}", str(certificate / kind))
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; user root; worker_processes 1; pid {folder}/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n{block}}}\n"
    )
    process = await asyncio.create_subprocess_exec(nginx, "-c", str(config), "-e", "stderr")
    try:
        await until_fact(lambda: listens(port))
        headers = {"Authorization": f"Bearer {client.token('dispatch')}", "Host": "ai.example.com"}
        connector = aiohttp.TCPConnector(ssl=False)
        async with aiohttp.ClientSession(f"https://127.0.0.1:{port}", headers=headers, connector=connector) as http:
            yield http
    finally:
        process.terminate()
        await process.wait()


async def test_the_first_words_of_a_stream_come_before_it_has_ended(
    nginx: str, client: Client, certificate: Path
) -> None:
    async with in_front(nginx, client, certificate) as http:
        body = {"prompt": f"a b c d {mark(fault='hang_midway')}", "stream": True, "model": "small"}
        async with http.post("/api/dispatch", json=body) as response:
            assert response.status == 200
            await response.content.readuntil(b"event: text\n")
            assert busy(client) == 1, "its end is still to come"
            hang_up(response)
        await until(lambda: is_idle(client), "whoever left through nginx is noticed")


async def test_large_batches_of_jobs_get_through(nginx: str, client: Client, certificate: Path) -> None:
    async with in_front(nginx, client, certificate) as http:
        jobs = [{"prompt": "x " * 150_000, "model": "small"} for _ in range(10)]
        body = io.BytesIO(json.dumps({"jobs": jobs}).encode())
        json_type = {"Content-Type": "application/json"}
        async with http.post("/api/jobs", data=body, headers=json_type) as response:
            assert response.status in {200, 202}, await response.text()


async def test_who_passes_on_the_name_it_was_called_by_must_allow_it(
    nginx: str, start_sidecar: StartSidecar, certificate: Path
) -> None:
    client = await start_sidecar()
    async with (
        in_front(nginx, client, certificate, "proxy_set_header Host $host;") as http,
        http.get("/api/models") as response,
    ):
        assert (response.status, (await response.json())["error"]["code"]) == (421, "host_not_allowed")
    await client.close()
    (setting,) = re.findall(r"`AI_DISPATCH_ALLOWED_HOSTS=(\S*ai\.example\.com)`", (ROOT / "README.md").read_text())
    again = client.folder / "again"
    again.mkdir()
    client = await start_sidecar(folder=again, allowed_hosts=setting)
    async with (
        in_front(nginx, client, certificate, "proxy_set_header Host $host;") as http,
        http.get("/api/models") as response,
    ):
        assert response.status == 200


def hang_up(response: aiohttp.ClientResponse) -> None:
    """Close the connection as n8n does: at once, without TLS's farewell, which asyncio would wait 30 s for."""
    assert response.connection is not None
    transport = response.connection.transport
    assert transport is not None
    transport.abort()


def busy(client: Client) -> int:
    """How many dispatches are being answered."""
    return sum(replica.in_flight for replica in client.sidecar.fleet)


async def is_idle(client: Client) -> bool:
    """Whether nothing is being answered."""
    return busy(client) == 0
