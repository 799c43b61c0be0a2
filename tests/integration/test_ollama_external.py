"""docker-compose.yml's `ollama-external` says whether an Ollama answers, and what to do if none does."""

import asyncio
import sys
from pathlib import Path

import yaml

from tests.e2e.program import free_port
from tests.fakes.ollama_engine import FakeEngine
from tests.fakes.ollama_server import FakeOllama

COMPOSE = yaml.safe_load((Path(__file__).resolve().parents[2] / "docker-compose.yml").read_text())


async def asked(url: str) -> tuple[int | None, str]:
    """The exit code and the words of the service, run here."""
    (script,) = COMPOSE["services"]["ollama-external"]["command"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script.replace("$$", "$")),
        env={"OLLAMA_URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode().strip()


async def test_what_it_has_is_named(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(b"GGUF" * 1000)
    with FakeOllama(registry={"theirs": tmp_path / "theirs"}, folder=tmp_path / "ollama", engine=FakeEngine) as running:
        assert await asked(running.base_url) == (
            0,
            f"The Ollama at {running.base_url} has no model yet: ollama pull llama3.2:3b",
        )
        running.shelf.pull("theirs", lambda _event: None, lambda: None, lambda: None)
        assert await asked(running.base_url + "/") == (0, f"The Ollama at {running.base_url} has theirs:latest")


async def test_where_none_is_the_fix_is_told() -> None:
    code, said = await asked(f"http://127.0.0.1:{free_port()}")
    assert code == 1
    assert "it must listen where containers reach it: start it with OLLAMA_HOST=" in said


async def test_what_is_no_ollama_is_told_as_such() -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n[]")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        code, said = await asked(f"http://127.0.0.1:{port}")
    assert code == 1
    assert said.startswith(f"No Ollama answers at http://127.0.0.1:{port} (")
