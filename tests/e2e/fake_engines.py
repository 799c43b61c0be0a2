"""A sidecar whose two models are fakes, on a port of its own, that a test may kill and start again."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.program import free_port, tail
from tests.e2e.sidecar import REPOSITORY
from tests.e2e.waiting import until

_PROGRAM = REPOSITORY / "tests/integration/kept_sidecar.py"
_READY_S = 60
_ANSWER_S = 30


class FakeEngines:
    """Sidecars one after the other on the same folder and port; `behaviour` is that of their models."""

    def __init__(self, folder: Path, callback_hosts: str | None = None, **behaviour: object) -> None:
        """Nothing runs yet."""
        self._callback_hosts = callback_hosts
        self._folder = folder
        self._behaviour = json.dumps(behaviour)
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.base_url = f"http://127.0.0.1:{self._port}"

    @property
    def token(self) -> str:
        """What n8n knows itself by."""
        return (self._folder / "dispatch.token").read_text().strip()

    def start(self) -> None:
        """Run one, until it answers."""
        command = [sys.executable, str(_PROGRAM), str(self._folder), str(self._port)]
        variables = {**os.environ, "FAKE_BEHAVIOUR": self._behaviour}
        if self._callback_hosts:
            variables["AI_DISPATCH_CALLBACK_HOSTS"] = self._callback_hosts
        log = self._folder / "sidecar.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, env=variables, stdout=output, stderr=output)
        try:
            until(self._is_up, within_s=_READY_S, what="the sidecar answering")
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{tail(log)}") from error

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order, and with it the replicas that an earlier one left behind."""
        if self._process is None:
            self.start()
        self._end(signal.SIGTERM)

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs it was ever given."""
        jobs: list[dict[str, Any]] = self._ask("/api/jobs?limit=1000")["jobs"]
        return jobs

    def states(self) -> list[str]:
        """The states of all jobs."""
        return [job["state"] for job in self.jobs()]

    def is_busy(self) -> bool:
        """Whether a model is at work."""
        replicas = self._ask("/api/containers")["containers"]
        return any(replica["in_flight"] for replica in replicas)

    def _is_up(self) -> bool:
        with contextlib.suppress(OSError):
            return bool(self._ask("/health"))
        return False

    def _ask(self, path: str) -> dict[str, Any]:
        request = urllib.request.Request(self.base_url + path, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=_ANSWER_S) as reply:
            answer: dict[str, Any] = json.load(reply)
            return answer

    def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(_READY_S)
        self._process = None


@contextmanager
def fake_engines(folder: Path, callback_hosts: str | None = None, **behaviour: object) -> Iterator[FakeEngines]:
    """Run such a sidecar while the block runs; nothing of it stays."""
    sidecar = FakeEngines(folder, callback_hosts, **behaviour)
    sidecar.start()
    try:
        yield sidecar
    finally:
        sidecar.stop()
