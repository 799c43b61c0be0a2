"""The sidecar under measurement, as its admin sees it: over HTTP."""

import asyncio
import sys
import time
from typing import Any

import aiohttp

from scripts.bench.containers.process import SidecarProcess
from scripts.bench.containers.waits import until_healthy
from tests.fakes.real_weights import SMALL

_ENTRY = {"engine": "embedded", "reference": SMALL, "host": "docker", "parameters_b": 0.135, "context_tokens": 1024}


class Owner:
    """A caller with the admin token; `process` is the sidecar that it calls."""

    def __init__(self, process: SidecarProcess) -> None:
        self.process = process
        self._http: aiohttp.ClientSession | None = None

    async def connect(self) -> None:
        """Wait until the sidecar answers."""
        await until_healthy(self.process.address, "the sidecar answers", 30)
        self._http = aiohttp.ClientSession(
            self.process.address,
            headers={"Authorization": f"Bearer {self.process.admin_token()}"},
            connector=aiohttp.TCPConnector(limit=0),
        )

    async def close(self) -> None:
        """Let the sidecar end."""
        if self._http is not None:
            await self._http.close()
        await asyncio.to_thread(self.process.end)

    async def enter(self, name: str) -> dict[str, Any]:
        """Add a model, if it isn't known from before."""
        status, reply = await self._call("GET", f"/api/models/{name}")
        return reply if status == 200 else await self.call("POST", "/api/models", {"id": name, **_ENTRY})

    async def ask(
        self, model: str, max_tokens: int = 1, prompt: str = "Name a colour.", timeout_s: float = 60
    ) -> dict[str, Any]:
        """One dispatch, answered."""
        return await self.call("POST", "/api/dispatch", _body(model, max_tokens, prompt, timeout_s))

    async def try_to_ask(self, model: str, max_tokens: int) -> bool:
        """Whether one dispatch was answered; a refusal is fine."""
        status, _ = await self._call("POST", "/api/dispatch", _body(model, max_tokens, "Name a colour.", 30))
        return status == 200

    async def timed(self, model: str) -> float:
        """Seconds of one dispatch, as its caller sees it."""
        begun_s = time.perf_counter()
        await self.ask(model)
        return time.perf_counter() - begun_s

    async def ready_ids(self) -> frozenset[str]:
        """The ids of all replicas that are ready."""
        return frozenset(one["id"] for one in await self._replicas() if one["state"] == "ready")

    async def has_ready(self, count: int) -> bool:
        """Whether there are so many replicas, all of them ready; no while the sidecar doesn't answer."""
        try:
            replicas = await self._replicas()
        except aiohttp.ClientError:
            return False
        return len(replicas) == count and all(one["state"] == "ready" for one in replicas)

    async def is_empty(self) -> bool:
        """Whether there are no replicas."""
        return not await self._replicas()

    async def sees_docker(self) -> bool:
        """Whether the engine answers the sidecar."""
        _, reply = await self._call("GET", "/ready")
        return bool(reply["parts"]["docker"]["status"] == "ok")

    async def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """A reply that must be good."""
        status, reply = await self._call(method, path, body)
        if status >= 300:
            sys.exit(f"{method} {path} answered {status}: {reply}\n{self.process.last_words()}")
        return reply

    async def _replicas(self) -> list[dict[str, Any]]:
        replicas: list[dict[str, Any]] = (await self.call("GET", "/api/containers"))["containers"]
        return replicas

    async def _call(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        if self._http is None:
            raise RuntimeError("it isn't connected yet")
        async with self._http.request(method, path, json=body) as response:
            reply: dict[str, Any] = await response.json()
            return response.status, reply


def _body(model: str, max_tokens: int, prompt: str, timeout_s: float) -> dict[str, object]:
    return {"prompt": prompt, "model": model, "requirements": {"max_tokens": max_tokens, "timeout": timeout_s}}
