"""Callers that don't give up: they hand in jobs, ask again when a connection breaks, and write down what they hear."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from scripts.bench.kills.ledger import Ledger

_OPEN_MAX = 40
_AGAIN_S = 0.05
_BATCH_MAX = 5
_COLLECT_S = 1
_TIMEOUT_S = 3600


class Traffic:
    """The callers of one sidecar, which comes and goes at one address."""

    def __init__(self, http: aiohttp.ClientSession, ledger: Ledger, rng: random.Random) -> None:
        self._http = http
        self._ledger = ledger
        self._rng = rng
        self._numbers = itertools.count()

    @contextlib.asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Jobs are handed in and collected inside the block, and plain dispatches asked for."""
        tasks = [asyncio.create_task(work()) for work in (self._submit, self._submit, self._collect, self._ask)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            if not isinstance(end, asyncio.CancelledError):
                raise end if isinstance(end, BaseException) else RuntimeError("a caller stopped calling")

    async def drain(self, within_s: float) -> None:
        """Collect all that is open."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self._ledger.open_ids:
                    await self._collect_once()

    async def look_again(self) -> None:
        """Ask for the answer of every job once more."""
        for job_id in list(self._ledger.prompts):
            self._ledger.told(await self._sent("GET", f"/api/jobs/{job_id}"))

    async def _submit(self) -> None:
        while True:
            if len(self._ledger.open_ids) >= _OPEN_MAX:
                await asyncio.sleep(_AGAIN_S)
                continue
            keys = [f"key {next(self._numbers)}" for _ in range(self._rng.randint(1, _BATCH_MAX))]
            bodies = [_body(key) for key in keys]
            single = len(bodies) == 1 and self._rng.random() < 0.5
            reply = await self._sent("POST", "/api/jobs", bodies[0] if single else {"jobs": bodies})
            for key, body, job in zip(keys, bodies, [reply] if single else reply["jobs"], strict=True):
                self._ledger.acknowledged(key, str(body["prompt"]), job)

    async def _collect(self) -> None:
        while True:
            await self._collect_once()

    async def _collect_once(self) -> None:
        ids = self._ledger.open_ids
        if not ids:
            await asyncio.sleep(_AGAIN_S)
            return
        reply = await self._sent("POST", "/api/jobs/collect", {"ids": ids, "wait": _COLLECT_S})
        for job in reply["jobs"]:
            self._ledger.told(job)

    async def _ask(self) -> None:
        """The baseline: the same work, asked for and waited for in one call."""
        while True:
            await self._sent("GET", "/health")
            self._ledger.plain_asked += 1
            try:
                await self._once("POST", "/api/dispatch", _body(None))
            except aiohttp.ClientError:
                self._ledger.plain_lost += 1

    async def _sent(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Send the same until it is answered, however often the connection breaks."""
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                return await self._once(method, path, body)
            await asyncio.sleep(_AGAIN_S)

    async def _once(self, method: str, path: str, body: object) -> dict[str, Any]:
        async with self._http.request(method, path, json=body) as response:
            reply: dict[str, Any] = await response.json()
            if response.status in (429, 503):
                raise aiohttp.ClientError(str(reply))
            if response.status >= 300:
                raise RuntimeError(f"{method} {path} answered {response.status}: {reply}")
            return reply


def _body(key: str | None) -> dict[str, object]:
    body: dict[str, object] = {"prompt": "plain", "model": "small", "requirements": {"timeout": _TIMEOUT_S}}
    return body if key is None else {**body, "prompt": f"prompt of {key}", "idempotency_key": key}
