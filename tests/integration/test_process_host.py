"""The process host alone, over real processes of the fake inference server."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from dispatcher.core.replica import ReplicaId, StartOrder
from dispatcher.core.task import ModelId
from dispatcher.errors import ReplicaStartFailed
from dispatcher.hosts.process import KEY_VARIABLE, ProcessHost
from dispatcher.hosts.process_log import ProcessLog
from tests.fakes.process import FAKE_COMMAND
from tests.integration.waiting import until


class Hosts:
    """Makes hosts on one folder; ends what they started when the test ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[tuple[ProcessHost, ReplicaId]] = []

    def host(self, install_id: str = "aidtest", program: tuple[str, ...] = FAKE_COMMAND) -> ProcessHost:
        return ProcessHost(self.folder, program, install_id)

    async def start(self, host: ProcessHost, model: str = "m") -> tuple[StartOrder, int]:
        """Start a replica; its order and process id."""
        weights = self.folder / "m.gguf"
        await asyncio.to_thread(weights.write_bytes, b"weights")
        order = StartOrder(host.new_replica_id(), ModelId(model), str(weights), "0" * 64, 4096, 1, 1, 500)
        await host.start(order)
        self._started.append((host, order.replica_id))
        look = await host.look_at(order.replica_id)
        assert look.pid is not None
        return order, look.pid

    async def close(self) -> None:
        for host, replica_id in self._started:
            await host.stop(replica_id, 1.0)


@pytest.fixture
async def hosts(tmp_path: Path) -> AsyncIterator[Hosts]:
    made = Hosts(tmp_path)
    yield made
    await made.close()


async def test_the_next_host_finds_what_the_one_before_left_running(hosts: Hosts) -> None:
    order, pid = await hosts.start(hosts.host())
    later = hosts.host()
    (survivor,) = await later.survivors()
    assert survivor.order == order
    assert (await later.look_at(order.replica_id)).pid == pid
    await later.stop(order.replica_id, 5.0)

    async def gone() -> bool:
        # The process is this one's child, so it stays a zombie until the first host looks.
        return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE

    await until(gone, "the survivor is stopped")
    assert await hosts.host().survivors() == ()


async def test_a_process_of_ours_without_a_record_is_ended(hosts: Hosts) -> None:
    order, pid = await hosts.start(hosts.host())
    (hosts.folder / "replicas" / f"{order.replica_id}.json").unlink()
    assert await hosts.host().survivors() == ()

    async def gone() -> bool:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE

    await until(gone, "the process without a record is ended")


async def test_processes_that_only_look_like_ours_are_never_touched(hosts: Hosts, tmp_path: Path) -> None:
    names = ["aidother-1", "aidtes-1", "xaidtest-1", "aidtest", "AIDTEST-1", "aidtest2-1"]
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    arguments = [*(["--replica-id", name] for name in names), ["--replica", "aidtest-1"]]
    decoys = [await asyncio.create_subprocess_exec(*sleep, *argument) for argument in arguments]
    try:
        await hosts.host().survivors()
        assert [decoy.returncode for decoy in decoys] == [None] * len(decoys)
        assert all(psutil.pid_exists(decoy.pid) for decoy in decoys)
    finally:
        for decoy in decoys:
            decoy.kill()
            await decoy.wait()


async def test_a_process_id_that_was_used_again_is_not_mistaken_for_the_replica(hosts: Hosts) -> None:
    order, pid = await hosts.start(hosts.host())
    path = hosts.folder / "replicas" / f"{order.replica_id}.json"
    await asyncio.to_thread(_replace, path, f'"pid":{pid}', f'"pid":{os.getpid()}')
    assert await hosts.host().survivors() == ()
    assert psutil.pid_exists(os.getpid())


async def test_records_that_cannot_be_read_are_removed(hosts: Hosts) -> None:
    folder = hosts.folder / "replicas"
    folder.mkdir()
    for name, content in (("a", b"{"), ("b", b"[]"), ("c", b"{}"), ("d", b"\xff")):
        (folder / f"{name}.json").write_bytes(content)
    assert await hosts.host().survivors() == ()
    assert list(folder.iterdir()) == []


async def test_a_replica_gets_its_key_by_its_environment_and_none_of_ours(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AI_DISPATCH_ADMIN_TOKEN_FILE", "/nowhere")
    _, pid = await hosts.start(hosts.host())
    process = psutil.Process(pid)

    async def begun() -> dict[str, str]:
        return process.environ()  # empty for a moment

    environment = await until(begun, "the process has its environment")
    assert environment[KEY_VARIABLE]
    assert environment[KEY_VARIABLE] not in " ".join(process.cmdline())
    assert [name for name in environment if name.startswith("AI_DISPATCH_")] == [KEY_VARIABLE]
    assert os.getpgid(pid) == pid, "a process group of its own"


async def test_a_program_that_is_not_there_is_told(hosts: Hosts) -> None:
    with pytest.raises(ReplicaStartFailed, match="can't be started"):
        await hosts.start(hosts.host(program=("/no/such/program",)))


async def test_a_start_whose_caller_left_is_still_stopped(hosts: Hosts) -> None:
    host = hosts.host()
    order = StartOrder(host.new_replica_id(), ModelId("m"), "w", "0" * 64, 4096, 1, 1, 500)
    start = asyncio.create_task(host.start(order))
    await asyncio.sleep(0)  # it has begun, and its process isn't there yet
    start.cancel()
    await asyncio.gather(start, return_exceptions=True)
    await host.stop(order.replica_id, 1.0)
    words = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in words if order.replica_id in line]
    assert await hosts.host().survivors() == ()


async def test_how_a_replica_ended_is_told_with_its_last_words(hosts: Hosts) -> None:
    host = hosts.host(program=(sys.executable, "-c", "import sys; print('no luck', file=sys.stderr); sys.exit(7)"))
    order = StartOrder(host.new_replica_id(), ModelId("m"), "w", "0" * 64, 4096, 1, 1, 500)
    await host.start(order)

    async def ended() -> str | None:
        return (await host.look_at(order.replica_id)).ended

    assert await until(ended, "it ended") == "it ended with exit code 7: no luck"
    await host.stop(order.replica_id, 1.0)


async def test_memory_of_the_whole_family_is_measured(hosts: Hosts) -> None:
    host = hosts.host()
    order, _ = await hosts.start(host)

    async def measured() -> bool:
        return ((await host.look())[order.replica_id].memory_mib or 0) > 10

    await until(measured, "what a Python process takes is seen")


async def test_a_log_that_grows_is_cut_to_its_end(tmp_path: Path) -> None:
    log = ProcessLog(tmp_path / "m.log")

    def write_and_cut() -> None:
        with log.open() as file:
            for index in range(40_000):
                file.write(f"line {index} of many that are printed\n".encode())
        log.shorten()

    await asyncio.to_thread(write_and_cut)
    assert (tmp_path / "m.log").stat().st_size <= 65_536
    assert await asyncio.to_thread(log.last_line) == "line 39999 of many that are printed"
    assert (tmp_path / "m.log").stat().st_mode & 0o077 == 0


async def test_an_adopted_replica_that_is_killed_is_seen_as_ended(hosts: Hosts) -> None:
    order, pid = await hosts.start(hosts.host())
    later = hosts.host()
    await later.survivors()
    os.kill(pid, signal.SIGKILL)

    async def ended() -> str | None:
        return (await later.look_at(order.replica_id)).ended

    assert await until(ended, "the adopted replica is seen as gone") == "it ended"


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
