"""Sidecars in processes of their own, one after the other on one folder, whose models are containers."""

import asyncio
import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp

from tests.engine.replicas import IMAGE
from tests.fakes.launched import free_port
from tests.integration.waiting import until


class Kept:
    """`dispatcher serve`, to be started, asked, killed and stopped. `settings` add to or replace these here."""

    def __init__(self, folder: Path, docker_host: str, weights: Path, **settings: object) -> None:
        self._folder = folder
        self._settings = {
            "data_dir": folder,
            "port": free_port(),
            "docker_host": docker_host,
            "docker_user": "65532:65532",
            "weights_dir": weights.parent,
            "image_embedded": IMAGE,
            "cores": 2,
            "log_level": "debug",
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._http: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Start the process, and wait until it answers."""
        self._launch()
        await until(self._is_up, "the sidecar answers", 60)
        token = (self._folder / "admin.token").read_text().strip()
        self._http = aiohttp.ClientSession(self._base_url, headers={"Authorization": f"Bearer {token}"})

    async def kill(self) -> None:
        """End it at once."""
        await self._end(hard=True)

    async def stop(self) -> None:
        """Tell it to end, and wait."""
        await self._end(hard=False)

    async def close(self) -> None:
        """Whatever was left of it ends."""
        if self._process is not None and self._process.returncode is None:
            await self.kill()

    async def call(self, method: str, path: str, body: object = None, expect: int = 200) -> dict[str, Any]:
        """Ask it something; check the status; return the reply."""
        assert self._http is not None
        async with self._http.request(method, path, json=body) as response:
            reply: dict[str, Any] = await response.json()
            assert response.status == expect, f"{reply}\n{self._log()}"
            return reply

    async def ask(self, model: str) -> dict[str, Any]:
        """One short dispatch, answered."""
        body = {"prompt": "Name a colour.", "model": model, "requirements": {"max_tokens": 4, "timeout": 60}}
        return await self.call("POST", "/api/dispatch", body)

    async def containers(self) -> list[dict[str, Any]]:
        """Its table."""
        found: list[dict[str, Any]] = (await self.call("GET", "/api/containers"))["containers"]
        return found

    @property
    def _base_url(self) -> str:
        return f"http://127.0.0.1:{self._settings['port']}"

    def _launch(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AI_DISPATCH_")}
        environment = kept | {f"AI_DISPATCH_{name.upper()}": str(value) for name, value in self._settings.items()}
        with (self._folder / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dispatcher", "serve"],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )

    async def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log()
        with contextlib.suppress(aiohttp.ClientError):
            async with aiohttp.ClientSession() as http, http.get(f"{self._base_url}/health") as response:
                return response.status == 200
        return False

    async def _end(self, *, hard: bool) -> None:
        assert self._process is not None
        if hard:
            self._process.kill()
        else:
            self._process.terminate()
        await asyncio.to_thread(self._process.wait)
        if self._http is not None:
            await self._http.close()
            self._http = None

    def _log(self) -> str:
        return (self._folder / "serve.log").read_text()[-3000:]
