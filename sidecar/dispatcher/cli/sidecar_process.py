"""A sidecar as a child process: started, watched, and stopped with all that it started."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import orjson
import psutil

from dispatcher.cli.faults import BadUsage, ExitCode, SidecarEnded
from dispatcher.cli.screen import harmless
from dispatcher.hosts.process_log import ProcessLog
from dispatcher.settings import Settings

_POLL_S = 0.05
_GRACE_S = 30.0
_KILL_S = 5.0


class SidecarProcess:
    """One running sidecar."""

    def __init__(self, child: subprocess.Popen[bytes], log: ProcessLog) -> None:
        self._child = child
        self._log = log

    def check(self) -> None:
        """Do nothing while it runs.

        Raises: SidecarEnded saying why, as far as its log tells.
        """
        code = self._child.poll()
        if code is not None:
            said = _last_words(code, self._log.last_line())
            raise SidecarEnded(f"the sidecar has stopped: {said}", code if code > 0 else ExitCode.FAILED)

    def shorten_log(self) -> None:
        """Keep its log from growing without end."""
        self._log.shorten()

    async def stop(self, grace_s: float = _GRACE_S) -> None:
        """Ask it to end; when that takes longer than `grace_s`, or the wait is cancelled, kill it with its children."""
        if self._child.poll() is not None:
            return
        self._child.terminate()
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended(), grace_s)
        finally:
            if self._child.poll() is None:
                _kill_with_children(self._child)

    async def _ended(self) -> None:
        while self._child.poll() is None:  # noqa: ASYNC110 - a child's end sets no asyncio.Event
            await asyncio.sleep(_POLL_S)


@asynccontextmanager
async def sidecar_started(settings: Settings) -> AsyncIterator[SidecarProcess]:
    """A sidecar with these settings, stopped at the end, whatever the end is."""
    process = _spawned(settings)
    try:
        yield process
    finally:
        await process.stop()


def _spawned(settings: Settings) -> SidecarProcess:
    path = settings.data_dir / "sidecar.log"
    log = ProcessLog(path)
    # -P: a folder named `dispatcher` where the user stands isn't taken for ours.
    command = [sys.executable, "-P", "-m", "dispatcher", "serve"]
    try:
        with suppress(FileNotFoundError):
            path.replace(path.with_suffix(".log.1"))  # what an earlier sidecar said last isn't what this one says
        with log.open() as output:
            child = subprocess.Popen(
                [*command, "--port", str(settings.port), "--data-dir", str(settings.data_dir)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C at a terminal comes to us, who then stop it in order
            )
    except OSError as error:
        why = f"the data folder {settings.data_dir} can't be used: {error.strerror}"
        raise BadUsage(f"{why}; choose another with --data-dir") from error
    return SidecarProcess(child, log)


def _last_words(code: int, line: str) -> str:
    """Why it ended: its own error line, else how it ended and what it was about."""
    if line.startswith("error: "):
        return harmless(line.removeprefix("error: "))
    how = f"it was killed by signal {-code}" if code < 0 else f"it ended with exit code {code}"
    said = _event(line)
    return f"{how}; the last it said was: {said}" if said else how


def _event(line: str) -> str:
    """What a log line tells, without its time and level when it is JSON."""
    with suppress(orjson.JSONDecodeError):
        entry = orjson.loads(line)
        if isinstance(entry, dict):
            return " ".join(str(entry[key]) for key in ("event", "error", "exception") if key in entry)
    return harmless(line)


def _kill_with_children(child: subprocess.Popen[bytes]) -> None:
    with suppress(psutil.Error):
        for member in psutil.Process(child.pid).children(recursive=True):
            with suppress(psutil.Error):
                member.kill()
    child.kill()
    with suppress(subprocess.TimeoutExpired):
        child.wait(_KILL_S)
