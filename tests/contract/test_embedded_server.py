"""What only the real embedded server can show: its memory limit, its log, broken weights, and an end to its engine."""

import os
import signal
import sys
import time
from pathlib import Path

import aiohttp
import psutil
import pytest

from dispatcher.errors import RuntimeRefused
from dispatcher.runtimes.openai import OpenAIRuntime
from dispatcher.weights.catalogue import load_catalogue
from tests.fakes.asking import ask, within
from tests.fakes.launched import REAL_COMMAND, LaunchedServer, launched
from tests.fakes.real_weights import SMALL, fetched

pytestmark = pytest.mark.models
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the memory limit is enforced on Linux only")


@pytest.fixture(scope="module")
def small_model() -> Path:
    return fetched()


@pytest.mark.parametrize("keep", [4, 1000, 40_000_000])
def test_it_ends_with_3_on_weights_that_are_cut_short(small_model: Path, tmp_path: Path, keep: int) -> None:
    broken = tmp_path / "broken.gguf"
    with small_model.open("rb") as whole:
        broken.write_bytes(whole.read(keep))
    _ends_clearly(broken, tmp_path, 3, "can't be loaded")


def test_it_ends_with_3_on_a_file_that_is_no_model(tmp_path: Path) -> None:
    page = tmp_path / "page.gguf"
    page.write_text("<html>")
    _ends_clearly(page, tmp_path, 3, "not a GGUF file")


@on_linux
@pytest.mark.parametrize("limit_mib", [1, 30, 100, 150])
def test_it_ends_with_5_when_its_memory_limit_is_too_small(small_model: Path, tmp_path: Path, limit_mib: int) -> None:
    limit = ("--memory-limit-mib", str(limit_mib))
    _ends_clearly(small_model, tmp_path, 5, f"a limit of {limit_mib} MiB is too little", *limit)


def _ends_clearly(model: Path, folder: Path, code: int, words: str, *arguments: str) -> None:
    with launched(REAL_COMMAND, model, folder, *arguments) as server:
        assert server.wait_for_end() == code
        assert words in server.last_words()
        assert "Traceback" not in server.log.read_text()


@on_linux
async def test_a_limit_of_its_footprint_is_enough(runtime: OpenAIRuntime, small_model: Path, tmp_path: Path) -> None:
    [limit_mib] = [entry.spec.footprint_mib for entry in load_catalogue() if entry.spec.id == SMALL]
    with launched(REAL_COMMAND, small_model, tmp_path, "--memory-limit-mib", str(limit_mib)) as server:
        server.wait_until_ready()
        completion = await runtime.complete(server.endpoint, ask("word " * 600, max_tokens=4), within(60))
        assert completion.usage.prompt_tokens > 600


async def test_its_log_never_holds_a_prompt(runtime: OpenAIRuntime, small_model: Path, tmp_path: Path) -> None:
    with launched(REAL_COMMAND, small_model, tmp_path, "--context-tokens", "256") as server:
        server.wait_until_ready()
        await runtime.complete(server.endpoint, ask("canary-one", max_tokens=4), within())
        with pytest.raises(RuntimeRefused):
            await runtime.complete(server.endpoint, ask("canary-two " * 500), within())
        await _send_raw(server, b'{"messages": "canary-three')
        log = server.log.read_text()
        assert "serving" in log
        assert "canary" not in log


async def _send_raw(server: LaunchedServer, body: bytes) -> None:
    url = f"{server.endpoint.base_url}/v1/chat/completions"
    headers = {"Authorization": f"Bearer {server.endpoint.api_key}"}
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
        assert response.status == 400


@pytest.mark.parametrize("who", ["server", "engine"])
def test_neither_process_outlives_the_other(small_model: Path, tmp_path: Path, who: str) -> None:
    with launched(REAL_COMMAND, small_model, tmp_path) as server:
        server.wait_until_ready()
        [engine] = psutil.Process(server.process.pid).children()
        os.kill(server.process.pid if who == "server" else engine.pid, signal.SIGKILL)
        server.wait_for_end(10.0)
        give_up_at_s = time.monotonic() + 10
        while engine.is_running() and engine.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < give_up_at_s
            time.sleep(0.02)
