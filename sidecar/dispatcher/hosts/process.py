"""The process host: each replica is a child process, in a process group of its own.

A replica outlives a sidecar that is killed. Its record on disk lets the next sidecar find it again, and its command
line, which carries this installation's id, lets it be recognised even without a record.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

from dispatcher.core.replica import Endpoint, Look, OnFetching, ReplicaId, StartOrder, Survivor
from dispatcher.errors import ReplicaStartFailed
from dispatcher.hosts.process_log import ProcessLog
from dispatcher.hosts.process_record import ProcessRecord, ProcessRecords

KEY_VARIABLE = "AI_DISPATCH_REPLICA_KEY"
_POLL_S = 0.02
_OUT_OF_MEMORY = 5  # exit code of the embedded inference server
_CLOCK_DRIFT_S = 2.0  # a process's age is told by the wall clock, which may have been set meanwhile


@dataclass(slots=True)
class _Running:
    """A process we watch. `child` is None when an earlier sidecar started it."""

    process: psutil.Process
    child: subprocess.Popen[bytes] | None
    log: ProcessLog


class ProcessHost:
    """Starts, watches and stops inference servers as child processes.

    Args:
        folder: where records and logs go; made if missing.
        program: the inference server's command; it takes the arguments of the embedded one.
        install_id: marks the processes of this installation; no others are ever touched.
    """

    def __init__(self, folder: Path, program: Sequence[str], install_id: str) -> None:
        self._records = ProcessRecords(folder / "replicas")
        self._logs = folder / "logs"
        self._program = tuple(program)
        self._install_id = install_id
        self._running: dict[ReplicaId, _Running] = {}
        self._starting: dict[ReplicaId, asyncio.Task[Endpoint]] = {}

    @property
    def is_reachable(self) -> bool:
        """Always: it is this machine."""
        return True

    async def memory_mib(self) -> int | None:
        """None: it is this machine."""
        return None

    def new_replica_id(self) -> ReplicaId:
        """An id that no replica has had, and that shows whose it is."""
        return ReplicaId(f"{self._install_id}-{secrets.token_hex(4)}")

    async def prepare(self, order: StartOrder, on_fetching: OnFetching) -> None:
        """Nothing to bring: the program is part of this package."""

    async def start(self, order: StartOrder) -> Endpoint:
        """Start a replica's process and say where it will listen; it isn't ready yet.

        Raises: ReplicaStartFailed when the program can't be started at all.
        """
        starting = asyncio.create_task(asyncio.to_thread(self._start, order), name=f"spawn {order.replica_id}")
        self._starting[order.replica_id] = starting
        starting.add_done_callback(lambda _: self._starting.pop(order.replica_id, None))
        return await asyncio.shield(starting)

    async def stop(self, replica_id: ReplicaId, grace_s: float) -> bool:
        """End a replica: asked first, killed with all its children after `grace_s` seconds. Always True."""
        if (starting := self._starting.get(replica_id)) is not None:
            await asyncio.wait((starting,))  # whoever started it may have left, but a process is coming
        running = self._running.pop(replica_id, None)
        if running is not None:
            await asyncio.to_thread(_end, running, grace_s)
        await asyncio.to_thread(self._records.remove, replica_id)
        return True

    async def pause(self, replica_id: ReplicaId) -> None:
        """Put a replica's processes to sleep."""
        await self._signal(replica_id, signal.SIGSTOP)

    async def wake(self, replica_id: ReplicaId) -> None:
        """Let them go on."""
        await self._signal(replica_id, signal.SIGCONT)

    async def _signal(self, replica_id: ReplicaId, number: signal.Signals) -> None:
        if (running := self._running.get(replica_id)) is not None:
            await asyncio.to_thread(lambda: _signal_all(_family(running.process), number))

    async def look(self) -> Mapping[ReplicaId, Look]:
        """See how every replica does: its memory, or why it ended. Also keeps the logs short."""
        return await asyncio.to_thread(lambda: {name: _look(running) for name, running in self._running.copy().items()})

    async def look_at(self, replica_id: ReplicaId) -> Look:
        """See how one replica does; one that isn't known has ended."""
        running = self._running.get(replica_id)
        return await asyncio.to_thread(_look, running) if running else Look(None, None, "it was stopped")

    async def survivors(self) -> tuple[Survivor, ...]:
        """Find what an earlier sidecar of this installation left running; what has no record is ended."""
        return await asyncio.to_thread(self._survivors)

    def _start(self, order: StartOrder) -> Endpoint:
        port, key = _free_port(), secrets.token_urlsafe(24)
        endpoint = Endpoint(f"http://127.0.0.1:{port}", key)
        try:
            child = self._spawned(order, port, key)
            process = psutil.Process(child.pid)
            self._running[order.replica_id] = _Running(process, child, self._log_of(order))
            self._records.write(ProcessRecord(order, endpoint, child.pid, process.create_time()))
        except OSError as error:
            raise ReplicaStartFailed(f"its process can't be started: {error.strerror or error}") from error
        return endpoint

    def _spawned(self, order: StartOrder, port: int, key: str) -> subprocess.Popen[bytes]:
        with self._log_of(order).open() as output:
            return subprocess.Popen(
                [*self._program, *_arguments(order, port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**_clean_environment(), KEY_VARIABLE: key},
                start_new_session=True,
            )

    def _log_of(self, order: StartOrder) -> ProcessLog:
        return ProcessLog(self._logs / f"{order.model_id}.log")

    def _survivors(self) -> tuple[Survivor, ...]:
        alive = {process.pid: process for process in psutil.process_iter() if self._is_ours(process)}
        found = []
        for record in self._records.read_all():
            process = alive.pop(record.pid, None) or _just_started(record.pid)
            if process is None or abs(process.create_time() - record.created_at) > _CLOCK_DRIFT_S:
                self._records.remove(record.order.replica_id)
                continue
            self._running[record.order.replica_id] = _Running(process, None, self._log_of(record.order))
            _signal_all(_family(process), signal.SIGCONT)  # the sidecar before may have put it to sleep
            found.append(Survivor(record.order, record.endpoint))
        known = {child.pid for running in self._running.values() for child in running.process.children(recursive=True)}
        for process in alive.values():
            if process.pid not in known:
                _kill(_family(process))
        return tuple(found)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            words = process.cmdline()
        except psutil.Error:
            return False
        return any(
            flag == "--replica-id" and value.startswith(f"{self._install_id}-") for flag, value in pairwise(words)
        )


def _just_started(pid: int) -> psutil.Process | None:
    """A process that the system has begun but not yet given its words; for a moment it can't be told by them."""
    try:
        process = psutil.Process(pid)
        return None if process.cmdline() else process
    except psutil.Error:
        return None


def _arguments(order: StartOrder, port: int) -> list[str]:
    values = {
        "model": order.weights_path,
        "alias": order.model_id,
        "port": port,
        "context-tokens": order.context_tokens,
        "slots": order.slots,
        "threads": order.threads,
        "memory-limit-mib": order.memory_limit_mib,
        "replica-id": order.replica_id,
    }
    words = [word for name, value in values.items() for word in (f"--{name}", str(value))]
    return [*words, "--embedding"] if order.embeds else words


def _clean_environment() -> dict[str, str]:
    """Our environment without our own settings: a replica has no business with tokens and paths."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AI_DISPATCH_")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _look(running: _Running) -> Look:
    running.log.shorten()
    ended = _ended(running)
    if ended is not None:
        ran_out = running.child is not None and running.child.returncode == _OUT_OF_MEMORY
        return Look(None, None, ended, is_out_of_memory=ran_out)
    try:
        family = _family(running.process)
        memory = sum(member.memory_info().rss for member in family)
        cpu_s = sum(sum(member.cpu_times()[:2]) for member in family)
    except psutil.Error:
        return Look(None, running.process.pid, None)  # it is ending this very moment; the next look says how
    return Look(memory // 2**20, running.process.pid, None, cpu_s=cpu_s)


def _ended(running: _Running) -> str | None:
    if running.child is not None:
        code = running.child.poll()
        if code is None:
            return None
        said = running.log.last_line()
        return f"it ended with exit code {code}" + (f": {said}" if said else "")
    if running.process.is_running() and running.process.status() != psutil.STATUS_ZOMBIE:
        return None
    return "it ended"


def _end(running: _Running, grace_s: float) -> None:
    family = _family(running.process)
    with contextlib.suppress(psutil.Error):
        running.process.terminate()
        _signal_all(family, signal.SIGCONT)  # one that sleeps can't take leave
        # Not Process.wait: for a child of ours it would race with `poll` for the exit code.
        give_up_s = time.monotonic() + grace_s
        while _ended(running) is None and time.monotonic() < give_up_s:
            time.sleep(_POLL_S)
    _kill(family)
    if running.child is not None:
        running.child.wait()


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return [process]


def _signal_all(family: Sequence[psutil.Process], number: signal.Signals) -> None:
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _kill(family: Sequence[psutil.Process]) -> None:
    """Kill what is left; psutil makes sure that a process id used again isn't hit."""
    for process in family:
        with contextlib.suppress(psutil.Error):
            process.kill()
