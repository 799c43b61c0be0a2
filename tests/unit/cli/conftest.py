"""The command line as a user runs it, against a fake sidecar."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dispatcher.cli.program import program
from tests.unit.cli.fake_sidecar import TOKEN, FakeSidecar, fake_sidecar

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
async def sidecar() -> AsyncIterator[FakeSidecar]:
    async with fake_sidecar() as fake:
        yield fake


@pytest.fixture
def run(sidecar: FakeSidecar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `ai-dispatch ARGUMENTS…` in a thread; the fake sidecar answers from this loop meanwhile."""
    monkeypatch.setenv("AI_DISPATCH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("AI_DISPATCH_TOKEN", raising=False)

    async def run_command(
        *arguments: str, url: str | None = None, token: str | None = TOKEN, stdin: bytes = b""
    ) -> Result:
        environment = {"AI_DISPATCH_URL": url or sidecar.url, "AI_DISPATCH_TOKEN": token or ""}
        return await asyncio.to_thread(
            CliRunner().invoke, program, arguments, input=stdin, env=environment, catch_exceptions=False
        )

    return run_command
