"""What a user reads when the sidecar refuses, is not there, or isn't one."""

import asyncio
import socket
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.cli.examples import error
from tests.unit.cli.fake_sidecar import TOKEN, FakeSidecar


async def test_the_sidecars_own_message_is_shown_and_nothing_else(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("POST /api/dispatch", error("invalid_request", "prompt: [must] not\nbe empty"), 422)
    result = await run("dispatch", "")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: prompt: [must] not be empty\n"


async def test_a_refused_token_is_traced_to_where_it_came_from(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("GET /api/models", error("unauthorized", "this token is unknown"), 401)
    result = await run("models")
    assert result.exit_code == 1
    assert result.stderr == "error: this token is unknown (the token in AI_DISPATCH_TOKEN)\n"
    assert TOKEN not in result.output


async def test_a_missing_token_is_said_to_be_missing(run: Run, sidecar: FakeSidecar, tmp_path: Path) -> None:
    sidecar.answers("GET /api/models", error("unauthorized", "a token is missing"), 401)
    result = await run("models", token=None)
    assert f"no token was sent: set AI_DISPATCH_TOKEN, or make {tmp_path / 'data' / 'admin.token'}" in result.stderr
    assert sidecar.asked[0].authorization is None


async def test_nobody_at_the_address_names_the_command_that_starts_one(run: Run) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        result = await run("models", url=url)
    assert result.exit_code == 1
    assert result.stderr == f"error: no sidecar answers at {url}; start one with: ai-dispatch serve\n"


async def test_another_server_is_not_taken_for_a_sidecar(run: Run) -> None:
    result = await run("containers")
    assert result.exit_code == 1
    assert "answers HTTP 404, but not as a sidecar does; is --url right?" in result.stderr


@pytest.mark.parametrize("arguments", [("models",), ("models", "--json"), ("dispatch", "Hi"), ("performance",)])
async def test_a_success_that_is_not_a_reply_is_not_shown(
    run: Run, sidecar: FakeSidecar, arguments: tuple[str, ...]
) -> None:
    for what in ("GET /api/models", "POST /api/dispatch", "GET /api/performance"):
        sidecar.answers(what, b"<html>hello</html>", kind="text/html")
    result = await run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is --url right" in result.stderr


async def test_a_redirect_is_not_followed_with_the_token(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("GET /api/models", b"", status=302)
    result = await run("models")
    assert (result.exit_code, len(sidecar.asked)) == (1, 1)


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"])
async def test_a_server_that_breaks_off_gives_one_line(run: Run, said: bytes) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        result = await run("models", url=url)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {url} broke off its answer, or doesn't speak HTTP")
    assert result.stderr.count("\n") == 1


async def test_terminal_codes_in_a_message_do_not_reach_the_terminal(run: Run, sidecar: FakeSidecar) -> None:
    sidecar.answers("GET /api/models", error("x", "red\x1b[31m\x07alert"), 500)
    assert (await run("models")).stderr == "error: red[31malert\n"
