"""An inference server as a process, real or fake: started, waited for, and always ended."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from dispatcher.core.replica import Endpoint

REAL_COMMAND = (sys.executable, "-m", "dispatcher.embedded.server")
KEY = "a-key-for-tests"


class LaunchedServer:
    """One running inference server; what it says goes to `log`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.endpoint = Endpoint(f"http://127.0.0.1:{port}", KEY)
        self.log = log

    def health(self) -> int | None:
        """The status of `/health`, None when nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.endpoint.base_url}/health", timeout=2) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def wait_until_ready(self, timeout_s: float = 60.0) -> list[int | None]:
        """Wait for `/health` to say 200; returns what it said on the way, each once."""
        seen: list[int | None] = []
        give_up_at_s = time.monotonic() + timeout_s
        while time.monotonic() < give_up_at_s:
            seen += [status] if (status := self.health()) not in seen else []
            if status == 200:
                return seen
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise AssertionError(f"not ready; it said:\n{self.log.read_text()}")

    def wait_for_end(self, timeout_s: float = 30.0) -> int:
        """The exit code."""
        return self.process.wait(timeout_s)

    def last_words(self) -> str:
        """The last line it said."""
        lines = self.log.read_text().splitlines()
        return lines[-1] if lines else ""


@contextmanager
def launched(
    command: Sequence[str],
    model: Path,
    folder: Path,
    *arguments: str,
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[LaunchedServer]:
    """Start a server in a process group of its own, as the process host does, and end the whole group."""
    port = port or free_port()
    log = folder / f"server-{port}.log"
    line = [*command, "--model", str(model), "--port", str(port), *arguments]
    variables = {**os.environ, "AI_DISPATCH_REPLICA_KEY": KEY, **(environment or {})}
    with log.open("wb") as out, subprocess.Popen(line, stderr=out, env=variables, start_new_session=True) as process:
        try:
            yield LaunchedServer(process, port, log)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
