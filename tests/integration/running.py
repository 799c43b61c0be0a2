"""The command line as a process of its own, and what is left of it afterwards."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

AI_DISPATCH = (sys.executable, "-m", "dispatcher")


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    exit_code: int
    stdout: str
    stderr: str


async def start(*command: str, **variables: str) -> asyncio.subprocess.Process:
    """Start a command with only these `AI_DISPATCH_…` variables."""
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(variables),
    )


async def finish(process: asyncio.subprocess.Process) -> Ended:
    """Wait for the end of a process; it is killed when the test is given up."""
    try:
        stdout, stderr = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return Ended(process.returncode or 0, stdout.decode(), stderr.decode())


async def run(*command: str, **variables: str) -> Ended:
    """Run a command to its end."""
    return await finish(await start(*command, **variables))


async def until(holds: Callable[[], bool], within_s: float = 60.0) -> None:
    """Wait until something holds."""
    give_up_s = time.monotonic() + within_s
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < give_up_s, "waited in vain"
        await asyncio.sleep(0.05)


def processes_of(folder: Path) -> list[list[str]]:
    """The command lines of all processes that name this folder, or one in it."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(folder) in word for word in words):
            found.append(words)
    return found


def listens(port: int) -> bool:
    """Whether someone takes connections on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AI_DISPATCH_")}
    return {**kept, **variables}
