"""A way to a Docker engine that may be held up at one step: before a request is heard, or before its answer is."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from tests.engine.relay import Ends, Pump, chunks, relay


@dataclass(frozen=True, slots=True)
class Step:
    """The next request like `request`, a method and a pattern of its path; held when it is answered, or before."""

    request: str
    is_answered: bool

    def is_begun_by(self, chunk: bytes) -> bool:
        """Whether a request of this step begins here: who asks waits for each answer, so it is a chunk's beginning."""
        method, _, path = self.request.partition(" ")
        return re.match(rf"{method} /v[\d.]+{path}[ ?]".encode(), chunk) is not None


class EngineGate:
    """Passes on all that a sidecar asks of the engine, but for one step at which it stops.

    `reached` is set then; the step goes on with `pass_on`, or never with `drop`.
    """

    def __init__(self, engine_socket: Path, socket: Path) -> None:
        self._engine_socket = engine_socket
        self._socket = socket
        self.address = f"unix://{socket}"
        self.step: Step | None = None
        self.reached = asyncio.Event()
        self._decided = asyncio.Event()
        self._is_dropped = False

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["EngineGate"]:
        """Itself, while it listens."""
        async with relay(self._dial, self._pumps) as take, await asyncio.start_unix_server(take, self._socket):
            yield self
        self._socket.unlink(missing_ok=True)

    def pass_on(self) -> None:
        """Let what is held go on."""
        self._decided.set()

    def drop(self) -> None:
        """Cut the connection that is held: the engine never gets the request, or nobody hears its answer."""
        self._is_dropped = True
        self._decided.set()

    async def hold(self) -> None:
        """Wait for what is decided, once: afterwards nothing is held any more."""
        self.step = None
        self.reached.set()
        await self._decided.wait()
        if self._is_dropped:
            raise ConnectionResetError

    async def _dial(self) -> Ends:
        return await asyncio.open_unix_connection(self._engine_socket)

    def _pumps(self) -> tuple[Pump, Pump]:
        passage = _Passage(self)
        return passage.there, passage.back


class _Passage:
    """One connection through the gate."""

    def __init__(self, gate: EngineGate) -> None:
        self._gate = gate
        self._holds_answer = False

    async def there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for chunk in chunks(reader):
            step = self._gate.step
            if step is not None and step.is_begun_by(chunk):
                self._holds_answer = step.is_answered
                if not step.is_answered:
                    await self._gate.hold()
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()

    async def back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for chunk in chunks(reader):
            if self._holds_answer:
                self._holds_answer = False
                await self._gate.hold()
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
