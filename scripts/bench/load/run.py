"""Starting what is under load, and putting load on it."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from dispatcher.embedded.settings import API_KEY_VARIABLE
from scripts.bench.load.models import BEHAVIOUR, MODELS, SLOTS, TOKENS, entries
from scripts.bench.load.plan import Phase, Plan, Sent
from tests.fakes.launched import free_port
from tests.fakes.process import FAKE_COMMAND

_UP_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Target:
    """Something that takes dispatches."""

    address: str
    token: str
    process: subprocess.Popen[bytes]

    def put_under(self, *phases: Phase) -> list[Sent]:
        """Send the load of these phases from a process of its own; what became of each request, in order."""
        plan = Plan(f"{self.address}/api/dispatch", self.token, phases, MODELS, TOKENS)
        with tempfile.TemporaryDirectory(prefix="aidload") as folder:
            told, became = Path(folder) / "plan.json", Path(folder) / "sent.json"
            told.write_bytes(TypeAdapter(Plan).dump_json(plan))
            command = [sys.executable, "-P", "-m", "scripts.bench.load.generator", str(told), str(became)]
            subprocess.run(command, check=True)
            sent = TypeAdapter(list[Sent]).validate_json(became.read_bytes())
        return sorted(sent, key=lambda one: one.due_s)

    def tasks(self) -> int:
        """How many tasks a sidecar has."""
        self.process.send_signal(signal.SIGUSR1)
        return int(self.process.stdout.readline()) if self.process.stdout is not None else 0


@contextlib.contextmanager
def sidecar(folder: Path, *words: str) -> Iterator[Target]:
    """A sidecar; the words go to its command line."""
    port = free_port()
    with _process("serve", "--folder", str(folder), "--port", str(port), *words) as process:
        address = f"http://127.0.0.1:{port}"
        _until_it_answers(f"{address}/health")
        yield Target(address, (folder / "dispatch.token").read_text().strip(), process)


def start_all(target: Target, folder: Path) -> None:
    """Bring every model into memory."""
    admin = (folder / "admin.token").read_text().strip()
    for model in MODELS:
        _call("POST", f"{target.address}/api/models/{model}/start", admin)
    _until(lambda: _all_ready(f"{target.address}/api/containers", admin), "the models are in memory")


@contextlib.contextmanager
def bare_proxy(folder: Path, program: Sequence[str] = FAKE_COMMAND) -> Iterator[Target]:
    """The same inference servers behind a proxy that refuses nothing."""
    key = secrets.token_hex(16)
    entries(folder)
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(_server(program, folder / f"{model}.gguf", key)) for model in MODELS]
        port = free_port()
        process = stack.enter_context(_process("proxy", str(port), key, *map(str, ports)))
        _until_it_answers(f"http://127.0.0.1:{port}/")
        yield Target(f"http://127.0.0.1:{port}", "", process)


@contextlib.contextmanager
def _server(program: Sequence[str], weights: Path, key: str) -> Iterator[int]:
    port = free_port()
    words = ["--model", str(weights), "--alias", weights.stem, "--port", str(port), "--slots", str(SLOTS)]
    environment = {
        **os.environ,
        API_KEY_VARIABLE: key,
        "FAKE_BEHAVIOUR": TypeAdapter(dict).dump_json(BEHAVIOUR).decode(),
    }
    with _running([*program, *words], environment):
        _until_it_answers(f"http://127.0.0.1:{port}/health")
        yield port


@contextlib.contextmanager
def _process(name: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-P", "-m", f"scripts.bench.load.{name}", *words]
    with _running(command, {**os.environ}) as process:
        yield process


@contextlib.contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet) as process:
        try:
            yield process
        finally:
            process.terminate()


def _until_it_answers(url: str) -> None:
    _until(lambda: _answers(url), f"something answers at {url}")


def _until(holds: Callable[[], bool], what: str) -> None:
    give_up_s = time.monotonic() + _UP_WITHIN_S
    while not holds():
        if time.monotonic() > give_up_s:
            sys.exit(f"not within {_UP_WITHIN_S:.0f} s: {what}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        _call("GET", url)
    except urllib.error.HTTPError as error:
        return error.code == 404  # there is no such page, but someone to say so
    except OSError:
        return False
    return True


def _all_ready(url: str, token: str) -> bool:
    states = [one["state"] for one in _call("GET", url, token)["containers"]]
    return states == ["ready"] * len(MODELS)


def _call(method: str, url: str, token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, headers=headers, method=method)  # noqa: S310 - http, to ourselves
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        return json.loads(response.read())
