"""The stand-in for Ollama as a process: set up, steered, stopped and started again as one in a container is."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ollama
import psutil
import pytest

from tests.fakes.launched import free_port
from tests.fakes.real_weights import fetched

RUN = Path(__file__).parents[1] / "fakes" / "run_fake_ollama.py"


@dataclass(frozen=True, slots=True)
class Served:
    """One running stand-in, and a client of it."""

    process: subprocess.Popen[bytes]
    host: str
    client: ollama.Client

    def seen(self) -> dict[str, Any]:
        """What it has been asked."""
        with urllib.request.urlopen(f"http://{self.host}/fake/seen", timeout=5) as response:
            value: dict[str, Any] = json.load(response)
            return value

    def switch(self, **switches: object) -> None:
        """Have it behave otherwise."""
        with urllib.request.urlopen(f"http://{self.host}/fake/switches", json.dumps(switches).encode(), 5):
            pass


@contextmanager
def serving(folder: Path, *python: str, **environment: str) -> Iterator[Served]:
    """A stand-in that answers, in a process group of its own that is ended whole."""
    host = f"127.0.0.1:{free_port()}"
    variables = {**os.environ, "OLLAMA_HOST": host, "OLLAMA_MODELS": str(folder / "models"), **environment}
    command = [sys.executable, *python, str(RUN), "serve"]
    with subprocess.Popen(command, env=variables, start_new_session=True) as process:
        try:
            _wait_for(f"http://{host}/api/version", process)
            with ollama.Client(host=f"http://{host}") as client:
                yield Served(process, host, client)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def registry(tmp_path: Path) -> str:
    """A registry of one model."""
    (tmp_path / "weights").write_bytes(b"GGUF" * 1000)
    return f"small={tmp_path / 'weights'}"


def test_it_needs_the_standard_library_only_and_keeps_what_was_pulled(tmp_path: Path, registry: str) -> None:
    with serving(tmp_path, "-S", FAKE_OLLAMA_REGISTRY=registry) as served:
        served.client.pull("small")
        served.process.kill()
    with serving(tmp_path, "-S", FAKE_OLLAMA_REGISTRY=registry) as served:
        assert [model.model for model in served.client.list().models] == ["small:latest"]
        assert served.client.generate("small", "Hello").response


def test_it_ends_with_0_when_told_to_stop(tmp_path: Path, registry: str) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with serving(tmp_path, FAKE_OLLAMA_REGISTRY=registry) as served:
            served.process.send_signal(number)
            assert served.process.wait(5.0) == 0


def test_it_ends_with_1_when_its_port_is_taken(tmp_path: Path, registry: str) -> None:
    with serving(tmp_path, FAKE_OLLAMA_REGISTRY=registry) as served:
        variables = {**os.environ, "OLLAMA_HOST": served.host, "FAKE_OLLAMA_REGISTRY": registry}
        variables["OLLAMA_MODELS"] = str(tmp_path / "others")
        second = subprocess.run([sys.executable, str(RUN), "serve"], env=variables, capture_output=True, timeout=10)
        assert second.returncode == 1
        assert b"Address already in use" in second.stderr


def test_its_switches_and_what_it_saw_go_over_http(tmp_path: Path, registry: str) -> None:
    switches = json.dumps({"pull_fault": "error"})
    with serving(tmp_path, FAKE_OLLAMA_REGISTRY=registry, FAKE_OLLAMA_SWITCHES=switches) as served:
        with pytest.raises(ollama.ResponseError, match="no space left"):
            served.client.pull("small")
        served.switch(pull_fault=None, chat={"answer": "four words are here"})
        served.client.pull("small")
        assert served.client.chat("small", [{"role": "user", "content": "Hi"}]).message.content == "four words are here"
        seen = served.seen()
        assert (seen["pulls"], len(seen["loads"]), len(seen["asked"])) == (2, 1, 1)


def test_told_to_crash_it_ends_with_1(tmp_path: Path, registry: str) -> None:
    with serving(tmp_path, FAKE_OLLAMA_REGISTRY=registry) as served:
        served.client.pull("small")
        served.switch(chat={"fault": "crash"})
        with pytest.raises(Exception, match="disconnected"):
            served.client.chat("small", [{"role": "user", "content": "Hi"}])
        assert served.process.wait(5.0) == 1


@pytest.mark.models
def test_over_llama_cpp_no_child_outlives_it(tmp_path: Path) -> None:
    real = {"FAKE_OLLAMA_REGISTRY": f"smollm2:135m={fetched()}", "FAKE_OLLAMA_ENGINE": "llama"}
    with serving(tmp_path, **real) as served:
        served.client.pull("smollm2:135m")
        options = {"num_ctx": 512, "num_predict": 4}
        assert served.client.chat("smollm2:135m", [{"role": "user", "content": "Hi"}], options=options).eval_count
        children = psutil.Process(served.process.pid).children(recursive=True)
        assert len(children) == 2
        served.process.terminate()
        assert served.process.wait(10.0) == 0
        assert not psutil.wait_procs(children, timeout=5.0)[1]


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    give_up_at_s = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < give_up_at_s:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.01)
    raise AssertionError("it doesn't answer")
