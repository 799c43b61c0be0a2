"""The command line as a shell runs it, against a real sidecar without models."""

import json
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.fakes.launched import free_port
from tests.integration.running import AI_DISPATCH, Ended, finish, listens, processes_of, run, start, until


@dataclass(frozen=True)
class Served:
    """A sidecar with an empty weights folder."""

    url: str
    folder: Path

    async def ask(self, *arguments: str) -> Ended:
        """Run `ai-dispatch ARGUMENTS…` for this sidecar."""
        return await run(*AI_DISPATCH, "--url", self.url, *arguments, AI_DISPATCH_DATA_DIR=str(self.folder))


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
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
