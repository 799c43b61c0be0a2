"""A child that is stopped with all it started, however it behaves."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from dispatcher.cli.faults import SidecarEnded
from dispatcher.cli.sidecar_process import SidecarProcess
from dispatcher.hosts.process_log import ProcessLog

_OBEYS = "import time; print('up', flush=True); time.sleep(600)"
_STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print("up", flush=True)
time.sleep(600)
"""


@contextmanager
def _running(program: str, folder: Path) -> Iterator[tuple[SidecarProcess, psutil.Process]]:
    log = ProcessLog(folder / "sidecar.log")
    with log.open() as output:
        child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=output)
    assert child.stdout is not None
    child.stdout.readline()
    try:
        yield SidecarProcess(child, log), psutil.Process(child.pid)
    finally:
        child.kill()
        child.communicate()


async def test_one_that_obeys_ends_at_once(tmp_path: Path) -> None:
    with _running(_OBEYS, tmp_path) as (process, seen):
        process.check()
        await process.stop()
        assert not seen.is_running()
        await process.stop()  # a second time is no harm


@pytest.mark.heavy
async def test_one_that_ignores_us_is_killed_with_its_children(tmp_path: Path) -> None:
    with _running(_STUBBORN, tmp_path) as (process, seen):
        family = [seen, *seen.children(recursive=True)]
        await process.stop(grace_s=0.2)
        assert len(family) == 2
        assert psutil.wait_procs(family, timeout=10)[1] == []


@pytest.mark.heavy
async def test_a_second_signal_does_not_wait_for_the_grace(tmp_path: Path) -> None:
    with _running(_STUBBORN, tmp_path) as (process, seen):
        family = [seen, *seen.children(recursive=True)]
        stopping = asyncio.create_task(process.stop(grace_s=600))
        await asyncio.sleep(0)
        stopping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopping
        assert psutil.wait_procs(family, timeout=10)[1] == []


@pytest.mark.parametrize(
    ("line", "code", "message", "exit_code"),
    [
        ("error: port 3000 is in use", 2, "port 3000 is in use", 2),
        ('{"event": "serving", "level": "info"}', 3, "it ended with exit code 3; the last it said was: serving", 3),
        ("\x1b[31mred\x1b[0m", 1, "it ended with exit code 1; the last it said was: [31mred[0m", 1),
        ("", 7, "it ended with exit code 7", 7),
    ],
)
async def test_the_last_line_of_one_that_ended_is_told(
    tmp_path: Path, line: str, code: int, message: str, exit_code: int
) -> None:
    program = f"import sys; sys.stderr.write({line!r}); sys.exit({code})"
    with _running(program, tmp_path) as (process, _):
        await process._ended()
        with pytest.raises(SidecarEnded) as caught:
            process.check()
    assert str(caught.value) == f"the sidecar has stopped: {message}"
    assert caught.value.exit_code == exit_code


async def test_one_that_was_killed_is_said_to_have_been(tmp_path: Path) -> None:
    with _running(_OBEYS, tmp_path) as (process, seen):
        seen.kill()
        await process._ended()
        with pytest.raises(SidecarEnded, match="it was killed by signal 9") as caught:
            process.check()
    assert caught.value.exit_code == 1
