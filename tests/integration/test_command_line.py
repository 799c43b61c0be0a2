"""The command line as a shell runs it, against a real sidecar without models."""

import json
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.fakes.launched import free_port
from tests.integration.running import AI_DISPATCH, Ended, finish, listens, processes_of, run, start, until

pytestmark = pytest.mark.heavy  # each command is a process that starts in a second

KEPT_SIDECAR = Path(__file__).with_name("kept_sidecar.py")


@dataclass(frozen=True)
class Served:
    """A sidecar in a process of its own."""

    url: str
    folder: Path

    async def ask(self, *arguments: str) -> Ended:
        """Run `ai-dispatch ARGUMENTS…` for this sidecar."""
        return await run(*AI_DISPATCH, "--url", self.url, *arguments, AI_DISPATCH_DATA_DIR=str(self.folder))

    async def replicas(self) -> list[str]:
        """The ids of the replicas there are."""
        return [replica["id"] for replica in json.loads((await self.ask("containers", "--json")).stdout)["containers"]]


@pytest.fixture
async def with_models(tmp_path: Path) -> AsyncIterator[Served]:
    """A sidecar whose models small and big are served by fakes."""
    port = free_port()
    process = await start(sys.executable, str(KEPT_SIDECAR), str(tmp_path), str(port))
    try:
        await until(lambda: (tmp_path / "admin.token").exists() and listens(port))
        yield Served(f"http://127.0.0.1:{port}", tmp_path)
    finally:
        process.send_signal(signal.SIGTERM)
        await finish(process)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """A sidecar with an empty weights folder."""
    folder, port = tmp_path / "data", free_port()
    process = await start(*AI_DISPATCH, "serve", "--port", str(port), "--data-dir", str(folder))
    try:
        async with ClientSession() as session:
            await until(lambda: (folder / "admin.token").exists() and listens(port))
            assert (await session.get(f"http://127.0.0.1:{port}/health")).status == 200
        yield Served(f"http://127.0.0.1:{port}", folder)
    finally:
        process.send_signal(signal.SIGINT)
        ended = await finish(process)
    assert ended.exit_code == 0
    assert processes_of(tmp_path) == []


async def test_every_table_and_its_json_come_from_a_real_sidecar(served: Served) -> None:
    for command in ("models", "containers", "performance"):
        table, line = await served.ask(command), await served.ask(command, "--json")
        assert (table.exit_code, table.stderr) == (0, "")
        assert (line.exit_code, line.stdout.count("\n")) == (0, 1)
        assert isinstance(json.loads(line.stdout), dict)
    assert "smollm2-135m-instruct" in (await served.ask("models")).stdout


async def test_a_dispatch_without_models_says_what_to_pull(served: Served) -> None:
    ended = await served.ask("dispatch", "Hello")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "ai-dispatch models pull" in ended.stderr
    assert ended.stderr.count("\n") == 1


async def test_a_refusal_names_what_is_wrong(served: Served) -> None:
    for arguments, words in (
        (("dispatch", ""), "prompt"),
        (("dispatch", "Hi", "--model", "gpt-9"), "gpt-9"),
        (("performance", "--since", "yesterday"), "since"),
        (("models", "pull", "gpt-9"), "gpt-9"),
    ):
        ended = await served.ask(*arguments)
        assert ended.exit_code == 1
        assert ended.stderr.startswith("error: ")
        assert words in ended.stderr


async def test_a_model_is_entered_switched_and_forgotten(served: Served) -> None:
    entry = ("--engine", "embedded", "--host", "process", "--reference", "smollm2-135m-instruct")
    done: tuple[tuple[tuple[str, ...], str], ...] = (
        (("add", "mine", *entry, "--parameters-b", "0.135"), "mine: entered"),
        (("pin", "mine"), "mine: enabled, pinned"),
        (("disable", "mine"), "mine: disabled, pinned"),
    )
    for command, words in done:
        ended = await served.ask("models", *command)
        assert (ended.exit_code, ended.stdout) == (0, "")
        assert words in ended.stderr
    assert re.search(r"^mine +embedded .*disabled \(pinned\)", (await served.ask("models")).stdout, re.MULTILINE)
    left = await served.ask("models", "remove", "mine", "--json")
    assert "mine" not in [model["id"] for model in json.loads(left.stdout)["models"]]
    refused: tuple[tuple[tuple[str, ...], str], ...] = (
        (("remove", "mine"), "mine"),
        (("remove", "smollm2-135m-instruct"), "disable it instead"),
        (("add", "mine", "--engine", "ollama", "--reference", "llama3.2:3b", "--parameters-b", "3.2"), "docker"),
        (("start", "gpt-9"), "gpt-9"),
    )
    for command, words in refused:
        ended = await served.ask("models", *command)
        assert (ended.exit_code, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
        assert words in ended.stderr


async def test_a_start_whose_weights_are_missing_says_why(served: Served) -> None:
    ended = await served.ask("models", "start", "smollm2-135m-instruct")
    assert (ended.exit_code, ended.stdout) == (1, "")
    told = ended.stderr.splitlines()[-1]
    assert told.startswith("error: smollm2-135m-instruct can't be started: ")
    assert told.endswith("run: ai-dispatch models pull smollm2-135m-instruct")


async def test_a_model_is_started_and_stopped_and_its_replica_too(with_models: Served) -> None:
    started = await with_models.ask("models", "start", "small", "--json")
    assert (started.exit_code, json.loads(started.stdout)["state"]) == (0, "ready")
    again = await with_models.ask("models", "start", "small")
    assert (again.exit_code, again.stderr) == (0, "small: ready\n")
    (replica,) = await with_models.replicas()
    stopped = await with_models.ask("containers", "stop", replica)
    assert (stopped.exit_code, stopped.stderr) == (0, f"{replica}: stops when its work is done\n")
    assert (await with_models.ask("models", "start", "small")).exit_code == 0
    assert replica not in await with_models.replicas()
    assert (await with_models.ask("models", "stop", "small")).stderr == "small: stops when its work is done\n"


async def test_the_token_file_of_another_folder_is_refused(served: Served, tmp_path: Path) -> None:
    (tmp_path / "admin.token").write_text("aid_of_another_installation_000000")
    ended = await run(*AI_DISPATCH, "--url", served.url, "models", AI_DISPATCH_DATA_DIR=str(tmp_path))
    assert ended.exit_code == 1
    assert f"(the token in {tmp_path / 'admin.token'})" in ended.stderr


async def test_a_port_in_use_is_a_settings_error_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = await run(*AI_DISPATCH, "serve", "--port", port, "--data-dir", str(tmp_path / "data"))
    assert ended.exit_code == 2
    assert ended.stderr.count("\n") == 1
    assert port in ended.stderr


async def test_a_corrupt_database_is_a_store_error_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "ai-dispatch.db").write_bytes(b"not a database" * 1000)
    ended = await run(*AI_DISPATCH, "serve", "--port", "0", "--data-dir", str(tmp_path))
    assert ended.exit_code == 3
    assert (ended.stderr.count("\n"), "Traceback" in ended.stderr) == (1, False)


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (("--port", "99999"), {}),
        (("--log-level", "loud"), {}),
        (("--data-dir", "/dev/null/folder"), {}),
        ((), {"AI_DISPATCH_PROT": "3001"}),
        ((), {"AI_DISPATCH_MEMORY_MIB": "much"}),
    ],
)
async def test_bad_settings_stop_serve_with_one_line(arguments: tuple[str, ...], variables: dict[str, str]) -> None:
    ended = await run(*AI_DISPATCH, "serve", *arguments, **variables)
    assert ended.exit_code == 2
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1


async def test_ctrl_c_ends_a_waiting_command_like_any_other(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = await start(*AI_DISPATCH, "--url", url, "dispatch", "Hi", AI_DISPATCH_DATA_DIR=str(tmp_path))
        silent.settimeout(30)
        connection, _ = silent.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            ended = await finish(process)
    assert (ended.exit_code, "Traceback" in ended.stderr) == (130, False)


async def test_a_reader_who_leaves_is_no_traceback() -> None:
    ended = await run("sh", "-c", '"$@" | head -n 1', "sh", *AI_DISPATCH, "--help")
    assert "Traceback" not in ended.stderr
