"""`scripts/quickstart`: a first answer from nothing, and nothing left behind."""

import asyncio
import json
import os
import signal
import socket
from pathlib import Path

import pytest

from dispatcher.cli.quickstart import FIRST_MODEL, LARGE_MODEL, SECOND_MODEL
from dispatcher.weights.catalogue import load_catalogue
from tests.fakes.launched import free_port
from tests.integration.running import AI_DISPATCH, finish, listens, processes_of, run, start, until

pytestmark = pytest.mark.heavy

_ROOT = Path(__file__).parents[2]
_QUICKSTART = str(_ROOT / "scripts" / "quickstart")
_CACHE = Path(os.environ.get("AI_DISPATCH_CACHE") or Path.home() / ".cache" / "ai-dispatch")
_MODULE = (*AI_DISPATCH, "quickstart")


@pytest.fixture
def weights(tmp_path: Path) -> str:
    """The shared weights, under a name in this test's folder: replicas started here can be told by it."""
    (_CACHE / "weights").mkdir(parents=True, exist_ok=True)
    link = tmp_path / "weights"
    link.symlink_to(_CACHE / "weights")
    return str(link)


@pytest.mark.models
async def test_one_command_gives_an_answer_and_leaves_no_process(tmp_path: Path, weights: str) -> None:
    ended = await run(
        *(_QUICKSTART, "--once", "--small", "--json", "--port", str(free_port()), "--data-dir", str(tmp_path / "data")),
        AI_DISPATCH_WEIGHTS_DIR=weights,
    )
    assert ended.exit_code == 0, ended.stderr
    last = json.loads(ended.stdout.splitlines()[-1])
    assert set(last) == {"text", "model", "reason", "dispatch_id"}
    assert all(isinstance(value, str) and value for value in last.values())
    token = tmp_path / "data" / "dispatch.token"
    assert token.stat().st_mode & 0o777 == 0o600
    assert token.read_text().strip() in ended.stderr
    assert processes_of(tmp_path) == []


@pytest.mark.models
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_runs_until_it_is_told_to_stop_and_a_second_one_joins_it(
    tmp_path: Path, weights: str, number: signal.Signals
) -> None:
    arguments = ("--small", "--json", "--port", str(free_port()), "--data-dir", str(tmp_path / "data"))
    first = await start(*_MODULE, *arguments, AI_DISPATCH_WEIGHTS_DIR=weights)
    assert first.stdout is not None
    assert json.loads(await first.stdout.readline())["text"]
    assert any(weights in word for words in processes_of(tmp_path) for word in words), "replicas must be found by name"

    second = await run(*_MODULE, *arguments, "--once", AI_DISPATCH_WEIGHTS_DIR=weights)
    assert (second.exit_code, json.loads(second.stdout.splitlines()[-1])["model"] != "") == (0, True)
    assert "Using the sidecar that already runs" in second.stderr
    assert first.returncode is None

    await _told(first.stderr, b"Ctrl-C stops it")
    first.send_signal(number)
    assert (await finish(first)).exit_code == 0
    assert processes_of(tmp_path) == []


@pytest.mark.models
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_in_the_middle_of_an_answer_leaves_no_process(
    tmp_path: Path, weights: str, number: signal.Signals
) -> None:
    process = await start(
        *(*_MODULE, "--small", "--port", str(free_port()), "--data-dir", str(tmp_path / "data")),
        "Count from one to five hundred, in words",
        AI_DISPATCH_WEIGHTS_DIR=weights,
    )
    await until(lambda: any(weights in word for words in processes_of(tmp_path) for word in words))
    process.send_signal(number)
    ended = await finish(process)
    assert ended.exit_code == (130 if number is signal.SIGINT else 143)
    assert "Traceback" not in ended.stderr
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_while_the_sidecar_starts_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    data = tmp_path / "data"
    process = await start(*_MODULE, "--port", str(free_port()), "--data-dir", str(data))
    await until(lambda: any("serve" in words for words in processes_of(tmp_path)))
    process.send_signal(number)
    ended = await finish(process)
    assert ended.exit_code == (130 if number is signal.SIGINT else 143)
    assert processes_of(tmp_path) == []


async def test_a_port_that_something_else_uses_is_told_with_its_exit_code(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = await run(*_MODULE, "--port", port, "--data-dir", str(tmp_path / "data"))
    assert ended.exit_code == 2
    assert ended.stderr.startswith("error: the sidecar has stopped: ")
    assert f"port {port} is in use" in ended.stderr
    assert processes_of(tmp_path) == []


async def test_a_sidecar_of_another_folder_is_not_used(tmp_path: Path) -> None:
    port = str(free_port())
    other = await start(*AI_DISPATCH, "serve", "--port", port, "--data-dir", str(tmp_path / "other"))
    try:
        await until(lambda: listens(int(port)))
        ended = await run(*_MODULE, "--port", port, "--data-dir", str(tmp_path / "mine"))
    finally:
        other.terminate()
        await finish(other)
    assert ended.exit_code == 2
    assert f"port {port} is taken by an AI Dispatch of another data folder" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--data-dir", "/dev/null/folder"), "choose another with --data-dir"),
        (("--port", "70000"), "AI_DISPATCH_PORT"),
        (("--small", "--large"), "exclude each other"),
    ],
)
async def test_what_cannot_work_is_said_before_anything_starts(arguments: tuple[str, ...], words: str) -> None:
    ended = await run(*_MODULE, *arguments)
    assert ended.exit_code == 2
    assert ended.stderr.startswith("error: ")
    assert words in ended.stderr


def test_every_model_it_fetches_is_in_the_catalogue() -> None:
    known = {str(entry.spec.id) for entry in load_catalogue()}
    assert {FIRST_MODEL, SECOND_MODEL, LARGE_MODEL} <= known


async def _told(stderr: asyncio.StreamReader | None, words: bytes) -> None:
    assert stderr is not None
    while words not in (line := await stderr.readline()):
        assert line, "it ended without saying so"
