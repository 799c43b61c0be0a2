"""Measures the memory that inference servers really hold, over time."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil

_EVERY_S = 0.25
_PROGRAM = "dispatcher.embedded."  # the server, and the engine that it runs


@dataclass(slots=True)
class Held:
    """GB × seconds, so far."""

    gb_s: float = 0.0


@asynccontextmanager
async def measured_memory(parent: psutil.Process) -> AsyncIterator[Held]:
    """Adds up the resident memory of this process's inference servers while the block runs."""
    held = Held()
    task = asyncio.create_task(_measure(parent, held))
    try:
        yield held
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _measure(parent: psutil.Process, held: Held) -> None:
    last_s = time.monotonic()
    while True:
        await asyncio.sleep(_EVERY_S)
        now_s, held_bytes = time.monotonic(), await asyncio.to_thread(_held_bytes, parent)
        held.gb_s += held_bytes / 2**30 * (now_s - last_s)
        last_s = now_s


def _held_bytes(parent: psutil.Process) -> int:
    total = 0
    for child in parent.children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it is gone meanwhile
            if any(word.startswith(_PROGRAM) for word in child.cmdline()):
                total += child.memory_info().rss
    return total
