"""Plays a workload against a real sidecar with real inference servers."""

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from dispatcher.core.simulation.workload import Call, Workload
from scripts.bench.queueing.memory import measured_memory
from scripts.bench.queueing.outcome import End, Outcome, Round
from scripts.bench.queueing.play import play

_READY_S = 60.0
_SWAPS = "SELECT count(*) FROM container_lifecycle WHERE state = 'stopped' AND reason LIKE 'evicted for %'"


async def play_ours(workload: Workload, folder: Path) -> Round:
    """One round; `folder` is the sidecar's own, with the weights in it."""
    async with _serving(folder, workload.budget_mib) as (url, pid), aiohttp.ClientSession() as session:

        async def ask(call: Call, prompt: str) -> Outcome:
            begun_s = time.monotonic()
            end = await _asked(session, url, call, prompt)
            return Outcome(end, time.monotonic() - begun_s if end is End.ANSWERED else call.timeout_s)

        async with measured_memory(psutil.Process(pid)) as held:
            outcomes = await play(workload, ask)
    with closing(sqlite3.connect(folder / "ai-dispatch.db")) as database:
        (swaps,) = database.execute(_SWAPS).fetchone()
    return Round(outcomes, swaps, held.gb_s)


async def _asked(session: aiohttp.ClientSession, url: str, call: Call, prompt: str) -> End:
    timeout = aiohttp.ClientTimeout(total=call.timeout_s + 10)
    try:
        async with session.post(f"{url}/api/dispatch", json=_body(call, prompt), timeout=timeout) as response:
            answer: dict[str, Any] = await response.json()
    except (aiohttp.ClientError, TimeoutError):
        return End.FAILED
    if response.status == 200:
        return End.ANSWERED
    code, message = answer["error"]["code"], answer["error"]["message"]
    if code in ("deadline_infeasible", "overloaded"):
        return End.REFUSED
    if code == "deadline_exceeded":
        return End.STARVED if "while waiting" in message else End.LATE
    print(f"call {call.number} failed: {code}: {message}", file=sys.stderr)
    return End.FAILED


def _body(call: Call, prompt: str) -> dict[str, Any]:
    return {
        "prompt": prompt,
        "model": call.model,
        "task_type": call.task_type,
        "complexity": call.complexity,
        "requirements": {"max_tokens": call.max_tokens, "timeout": call.timeout_s},
        "context": {"workflow_id": call.workflow},
        "priority": call.priority,
    }


@asynccontextmanager
async def _serving(folder: Path, memory_mib: int) -> AsyncIterator[tuple[str, int]]:
    """A sidecar that is ready: its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"PORT": port, "DATA_DIR": folder, "AUTH": "none", "MEMORY_MIB": memory_mib, "LOG_LEVEL": "warning"}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AI_DISPATCH_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "dispatcher", "serve"),
        env={**clean, **{f"AI_DISPATCH_{name}": str(value) for name, value in settings.items()}},
        stdout=subprocess.DEVNULL,
    )
    try:
        await _until_ready(f"http://127.0.0.1:{port}/ready")
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        await process.wait()


async def _until_ready(url: str) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(_READY_S):
        while True:
            try:
                async with session.get(url) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
