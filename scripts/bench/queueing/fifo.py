"""Plays a workload against FIFO with keep-alive eviction, in front of the same inference server program.

As Ollama does it (server/sched.go): one queue in order of arrival. When the head's model is loaded, the head goes to
its server and waits for a slot there; when it isn't, an idle one is unloaded, else the one in memory is waited for,
and nobody behind gets on meanwhile. It lives in the caller's own process, so that a call has one hop less than with
the sidecar.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from dispatcher.app import EMBEDDED
from dispatcher.core.deadline import Deadline
from dispatcher.core.eligibility import Candidate
from dispatcher.core.outcome import Ask
from dispatcher.core.replica import Endpoint, ReplicaId, StartOrder
from dispatcher.core.simulation.workload import Call, Workload
from dispatcher.core.task import Message, ModelId, Role
from dispatcher.errors import DeadlineExceeded
from dispatcher.hosts.process import ProcessHost
from dispatcher.runtimes.openai import OpenAIRuntime
from dispatcher.runtimes.session import new_session
from scripts.bench.queueing.memory import measured_memory
from scripts.bench.queueing.outcome import End, Outcome, Round
from scripts.bench.queueing.play import play

_GRACE_S = 5.0
_LIMIT_FACTOR = 1.5  # as the sidecar has it


@dataclass(slots=True, eq=False)
class _Loaded:
    """A model in memory, and who uses it or waits in it."""

    candidate: Candidate
    replica_id: ReplicaId
    endpoint: Endpoint
    slots: asyncio.Semaphore
    users: int = 0
    used_s: float = 0.0
    left: asyncio.Event = field(default_factory=asyncio.Event)


class _Fifo:
    def __init__(
        self, workload: Workload, weights: dict[ModelId, Path], host: ProcessHost, runtime: OpenAIRuntime
    ) -> None:
        self.swaps = 0
        self._workload = workload
        self._weights = weights
        self._host = host
        self._runtime = runtime
        self._loaded: dict[ModelId, _Loaded] = {}
        self._queue: asyncio.Queue[tuple[Call, asyncio.Future[_Loaded]]] = asyncio.Queue()

    async def ask(self, call: Call, prompt: str) -> Outcome:
        begun_s = time.monotonic()
        turn: asyncio.Future[_Loaded] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((call, turn))
        has_slot = False
        try:
            async with asyncio.timeout(call.timeout_s):
                loaded = await turn
                async with loaded.slots:
                    has_slot = True
                    await self._complete(loaded, call, prompt, Deadline.after(begun_s, call.timeout_s))
        except (TimeoutError, DeadlineExceeded):
            return Outcome(End.LATE if has_slot else End.STARVED, call.timeout_s)
        finally:
            if turn.done() and not turn.cancelled():
                _leave(turn.result())
        return Outcome(End.ANSWERED, time.monotonic() - begun_s)

    async def run(self) -> None:
        """Serve the head, then the next, for ever."""
        while True:
            call, turn = await self._queue.get()
            if turn.done():
                continue  # its caller has given up
            candidate = self._workload.candidates[call.model or ModelId("")]
            loaded = self._loaded.get(candidate.spec.id) or await self._load(candidate)
            if not turn.done():
                loaded.users += 1
                turn.set_result(loaded)

    async def stop(self) -> None:
        for one in self._loaded.values():
            await self._host.stop(one.replica_id, _GRACE_S)

    async def _load(self, candidate: Candidate) -> _Loaded:
        has_pushed = False
        while self._taken_mib() + candidate.footprint_mib > self._workload.budget_mib:
            await self._unload_one()
            has_pushed = True
        self.swaps += has_pushed
        spec = candidate.spec
        order = StartOrder(
            replica_id=self._host.new_replica_id(),
            model_id=spec.id,
            weights_path=str(self._weights[spec.id]),
            weights_sha256="",
            context_tokens=spec.context_tokens,
            slots=spec.slots,
            threads=candidate.threads,
            memory_limit_mib=round(candidate.footprint_mib * _LIMIT_FACTOR),
        )
        endpoint = await self._host.start(order)
        await self._runtime.load(endpoint, order)
        loaded = _Loaded(candidate, order.replica_id, endpoint, asyncio.Semaphore(spec.slots), used_s=time.monotonic())
        self._loaded[spec.id] = loaded
        return loaded

    def _taken_mib(self) -> int:
        return sum(one.candidate.footprint_mib for one in self._loaded.values())

    async def _unload_one(self) -> None:
        """The longest idle one; when none is idle, the first to have been used, when all of its are done."""
        one = min(self._loaded.values(), key=lambda one: (one.users > 0, one.used_s))
        while one.users:
            one.left.clear()
            await one.left.wait()
        del self._loaded[one.candidate.spec.id]
        await self._host.stop(one.replica_id, _GRACE_S)

    async def _complete(self, loaded: _Loaded, call: Call, prompt: str, deadline: Deadline) -> None:
        ask = Ask(loaded.candidate.spec.id, (Message(Role.USER, prompt),), call.max_tokens)
        await self._runtime.complete(loaded.endpoint, ask, deadline)


def _leave(loaded: _Loaded) -> None:
    loaded.users -= 1
    loaded.used_s = time.monotonic()
    loaded.left.set()


async def play_fifo(workload: Workload, weights: dict[ModelId, Path], folder: Path) -> Round:
    """One round; `weights` are the model files."""
    async with _fronted(workload, weights, folder) as fifo, measured_memory(psutil.Process()) as held:
        outcomes = await play(workload, fifo.ask)
    return Round(outcomes, fifo.swaps, held.gb_s)


@asynccontextmanager
async def _fronted(workload: Workload, weights: dict[ModelId, Path], folder: Path) -> AsyncIterator[_Fifo]:
    async with new_session() as session:
        fifo = _Fifo(workload, weights, ProcessHost(folder, EMBEDDED, "fifo"), OpenAIRuntime(session, time.monotonic))
        running = asyncio.create_task(fifo.run())
        try:
            yield fifo
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await fifo.stop()
