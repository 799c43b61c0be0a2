"""Runs one of this package's modules as a child process within limits, off the event loop's back."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dispatcher.learning.confine import THREADS, Limits

_OUTPUT_MAX = 256 << 10
_NO_MEMORY = ("MemoryError", "bad_alloc", "Cannot allocate memory", "Unable to allocate")
_ROOT = Path(__file__).parents[2]


class ChildEnding(StrEnum):
    """How a child ended."""

    DONE = "done"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class ChildEnd:
    """How a child ended, what it wrote to standard output, and the last lines of its errors.

    `code` is its exit code, or less than 0 the signal that ended it; None when it was killed for taking too long.
    """

    ending: ChildEnding
    output: bytes
    words: str
    code: int | None = None


async def run_child(module: str, arguments: Sequence[str], limits: Limits) -> ChildEnd:
    """Run `python -m module memory_bytes cpu_s arguments…`, which calls `confine` first, and wait for its end.

    It is killed when the time is up, when we are cancelled, and when we die. Never raises for what the child does.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        module,
        str(limits.memory_bytes),
        str(limits.cpu_s),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**THREADS, "PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT), "LC_ALL": "C.UTF-8"},
        start_new_session=True,  # a Ctrl-C at our terminal isn't the child's business
    )
    assert child.stdout is not None and child.stderr is not None  # noqa: S101, PT018 - both are pipes
    try:
        async with asyncio.timeout(limits.wall_s):
            output, words, code = await asyncio.gather(_last_of(child.stdout), _last_of(child.stderr), child.wait())
    except TimeoutError:
        return ChildEnd(ChildEnding.TIMED_OUT, b"", f"not done after {limits.wall_s:.0f} s")
    finally:
        await _ended(child)
    text = words.decode(errors="replace")[-2000:]
    return ChildEnd(_ending(code, text), output, text, code)


def _ending(code: int, words: str) -> ChildEnding:
    if code == 0:
        return ChildEnding.DONE
    if code == -signal.SIGXCPU:
        return ChildEnding.TIMED_OUT
    if any(word in words for word in _NO_MEMORY):
        return ChildEnding.OUT_OF_MEMORY
    return ChildEnding.CRASHED


async def _last_of(stream: asyncio.StreamReader) -> bytes:
    """Read to the end, so that the child is never held up; keep the last part."""
    kept = b""
    while chunk := await stream.read(65536):
        kept = (kept + chunk)[-_OUTPUT_MAX:]
    return kept


async def _ended(child: asyncio.subprocess.Process) -> None:
    """Kill it, if it is still there, and wait until it is gone, whoever calls that off."""
    if child.stdin is not None:
        child.stdin.close()
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await asyncio.shield(child.wait())
