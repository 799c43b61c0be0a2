"""A whole sidecar in this process: real SQLite, real aiohttp, real child processes; only what they serve is fake."""

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import pytest
from blockbuster import blockbuster_ctx

from dispatcher.app import Sidecar, sidecar
from dispatcher.core.model import ModelSpec
from dispatcher.settings import load_settings
from tests.fakes.process import FAKE_COMMAND
from tests.integration.models import entry
from tests.unit.core.builders import big, spec

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Client:
    """A caller with the dispatch token, and what the test may look into."""

    sidecar: Sidecar
    http: aiohttp.ClientSession
    folder: Path
    close: Callable[[], Awaitable[None]]

    async def post(self, path: str, body: object, expect: int = 200) -> JSON:
        """Send JSON; check the status; return the reply."""
        async with self.http.post(path, json=body) as response:
            reply: JSON = await response.json()
            assert response.status == expect, reply
            return reply

    async def get(self, path: str, expect: int = 200) -> JSON:
        """Get JSON; check the status."""
        async with self.http.get(path) as response:
            reply: JSON = await response.json()
            assert response.status == expect, reply
            return reply

    async def ask(self, prompt: str = "Name a colour.", expect: int = 200, **body: object) -> JSON:
        """Dispatch one prompt."""
        return await self.post("/api/dispatch", {"prompt": prompt, **body}, expect)

    def token(self, scope: str) -> str:
        """A token of this sidecar."""
        return (self.folder / f"{scope}.token").read_text().strip()


class StartSidecar(Protocol):
    """Starts a sidecar with these models and settings; `behaviour` is that of its fake inference servers."""

    async def __call__(
        self, *models: ModelSpec, behaviour: JSON | None = None, folder: Path | None = None, **settings: object
    ) -> Client: ...


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> Iterator[None]:
    with blockbuster_ctx("dispatcher"):
        yield


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AI_DISPATCH_")]:
        monkeypatch.delenv(name)


@pytest.fixture
async def start_sidecar(tmp_path: Path) -> AsyncIterator[StartSidecar]:
    """Starts sidecars, and stops them when the test ends."""
    async with AsyncExitStack() as stack:

        async def start(
            *models: ModelSpec, behaviour: JSON | None = None, folder: Path | None = None, **settings: object
        ) -> Client:
            home = folder or tmp_path
            entries = tuple(entry(home / "weights", model) for model in models or (spec(), big()))
            given = {"port": 0, "data_dir": home, "memory_mib": 4096, "cores": 2, **settings}
            program = (*FAKE_COMMAND, "--behaviour", json.dumps(behaviour or {}))
            own = await stack.enter_async_context(AsyncExitStack())
            running = await own.enter_async_context(sidecar(load_settings(given), program, entries))
            token = (home / "dispatch.token").read_text().strip()
            http = aiohttp.ClientSession(running.base_url, headers={"Authorization": f"Bearer {token}"})
            await own.enter_async_context(http)
            return Client(running, http, home, own.aclose)

        yield start


@pytest.fixture
async def client(start_sidecar: StartSidecar) -> Client:
    """A sidecar with a small and a big model."""
    return await start_sidecar()
