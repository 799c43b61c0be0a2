"""A program under test: starts it, shows its log when it fails, ends it."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.waiting import until

_END_S = 20
_LOG_TAIL = 4000


def free_port() -> int:
    """Return a port of the loopback nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], env: Mapping[str, str], log: Path, is_ready: Callable[[], bool], within_s: float
) -> Iterator[None]:
    """Run a server while the block runs, from the moment it is ready.

    Raises: AssertionError with the end of its log when it ends or hangs before it is ready.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=dict(env), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        try:
            until(lambda: process.poll() is not None or is_ready(), within_s=within_s, what=f"{command[0]} being ready")
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{tail(log)}") from error
        assert process.poll() is None, f"{' '.join(command)} ended with {process.returncode}\n{tail(log)}"
        yield
    finally:
        _end(process)


def tail(log: Path) -> str:
    """Return the end of a log."""
    return log.read_text(errors="replace")[-_LOG_TAIL:]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
