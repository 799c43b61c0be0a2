"""Sidecars in processes of their own, for clients that block: over fakes, or over real llama.cpp."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dispatcher.core.task import ModelId
from tests.fakes.real_weights import fetched

_FAKED = Path(__file__).resolve().parents[1] / "integration" / "kept_sidecar.py"
_START_S = 60.0


@dataclass(frozen=True, slots=True)
class Served:
    """Where a sidecar is, and the token that its clients send."""

    base_url: str
    token: str


@contextmanager
def faked(folder: Path, **options: object) -> Iterator[Served]:
    """A sidecar over fake inference servers; for the options see kept_sidecar.py."""
    port = _free_port()
    with _served(
        (sys.executable, str(_FAKED), str(folder), str(port), json.dumps(options)), folder, port, {}
    ) as served:
        yield served


@contextmanager
def real(folder: Path, *models: ModelId, memory_mib: int = 2048) -> Iterator[Served]:
    """A sidecar over llama.cpp on one core, with these models."""
    for model in models:
        fetched(model)
    port = _free_port()
    variables = {
        "AI_DISPATCH_PORT": str(port),
        "AI_DISPATCH_DATA_DIR": str(folder),
        "AI_DISPATCH_WEIGHTS_DIR": str(_only(folder / "weights", models)),
        "AI_DISPATCH_MEMORY_MIB": str(memory_mib),
        "AI_DISPATCH_CORES": "1",
    }
    with _served((sys.executable, "-m", "dispatcher", "serve"), folder, port, variables) as served:
        yield served


def _only(folder: Path, models: Sequence[ModelId]) -> Path:
    """A folder with the files of these models and of no others."""
    folder.mkdir()
    for model in models:
        path = fetched(model)
        for file in path.parent.glob(f"{path.name}*"):
            if file.suffix != ".lock":
                (folder / file.name).symlink_to(file)
    return folder


@contextmanager
def _served(command: Sequence[str], folder: Path, port: int, variables: dict[str, str]) -> Iterator[Served]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AI_DISPATCH_")}
    log = (folder / "sidecar.log").open("wb")
    with log, subprocess.Popen(command, stdout=log, stderr=log, env={**kept, **variables}) as process:
        try:
            base_url = f"http://127.0.0.1:{port}"
            _wait_for(base_url, process)
            yield Served(base_url, (folder / "dispatch.token").read_text().strip())
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _wait_for(base_url: str, process: subprocess.Popen[bytes]) -> None:
    give_up_s = time.monotonic() + _START_S
    while True:
        assert process.poll() is None, "the sidecar ended"
        assert time.monotonic() < give_up_s, "the sidecar doesn't answer"
        try:
            with urllib.request.urlopen(f"{base_url}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
