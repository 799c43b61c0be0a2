"""An inference server as a process: what a host relies on when it starts, watches and stops one."""

import signal
import socket
import time
from pathlib import Path

import psutil

from dispatcher.errors import RuntimeBusy, RuntimeFault, RuntimeUnreachable
from dispatcher.runtimes.openai import OpenAIRuntime
from tests.contract.conftest import Program
from tests.fakes.asking import ask, within
from tests.fakes.launched import KEY, launched


def test_it_goes_from_silence_over_loading_to_ready(program: Program, tmp_path: Path) -> None:
    with launched(program.command, program.model, tmp_path, environment=program.environment) as server:
        assert server.wait_until_ready() == [None, 503, 200]


async def test_asked_while_it_starts_it_is_unreachable_or_busy(
    runtime: OpenAIRuntime, program: Program, tmp_path: Path
) -> None:
    with launched(program.command, program.model, tmp_path, environment=program.environment) as server:
        errors: set[type[Exception]] = set()
        give_up_at_s = time.monotonic() + 60
        while not await runtime.is_ready(server.endpoint) and time.monotonic() < give_up_at_s:
            try:
                await runtime.complete(server.endpoint, ask(max_tokens=2), within())
            except RuntimeFault as error:
                errors.add(type(error))
        assert errors <= {RuntimeUnreachable, RuntimeBusy}
        assert (await runtime.complete(server.endpoint, ask(max_tokens=2), within())).text


def test_it_ends_with_0_when_told_to_stop(program: Program, tmp_path: Path) -> None:
    for when in ("loading", "ready"):
        with launched(program.command, program.model, tmp_path, environment=program.environment) as server:
            if when == "ready":
                server.wait_until_ready()
            else:
                while server.health() is None:
                    time.sleep(0.01)
            server.process.send_signal(signal.SIGTERM)
            assert server.wait_for_end(3.0) == 0, when


def test_it_ends_with_2_without_a_key(program: Program, tmp_path: Path) -> None:
    with launched(program.command, program.model, tmp_path, environment={"AI_DISPATCH_REPLICA_KEY": ""}) as server:
        assert server.wait_for_end() == 2
        assert "AI_DISPATCH_REPLICA_KEY" in server.last_words()


def test_it_ends_with_2_on_an_unknown_argument(program: Program, tmp_path: Path) -> None:
    with launched(program.command, program.model, tmp_path, "--slots", "none") as server:
        assert server.wait_for_end() == 2
        assert server.log.read_text().count("\n") == 1
        assert "--slots" in server.last_words()


def test_it_ends_with_3_without_weights(program: Program, tmp_path: Path) -> None:
    with launched(program.command, tmp_path / "none.gguf", tmp_path) as server:
        assert server.wait_for_end() == 3
        assert "none.gguf" in server.last_words()


def test_it_ends_with_4_when_its_port_is_taken(program: Program, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with launched(program.command, program.model, tmp_path, port=port) as server:
            assert server.wait_for_end() == 4
            assert str(port) in server.last_words()


def test_its_command_line_names_its_replica_and_not_its_key(program: Program, tmp_path: Path) -> None:
    arguments = ("--replica-id", "replica-7")
    with launched(program.command, program.model, tmp_path, *arguments, environment=program.environment) as server:
        server.wait_until_ready()
        process = psutil.Process(server.process.pid)
        for part in (process, *process.children()):
            assert "replica-7" in part.cmdline()
            assert KEY not in " ".join(part.cmdline())
