"""A host whose replicas are fake inference servers in this very process: up, and gone again, in milliseconds."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from dispatcher.core.replica import Endpoint, Look, ReplicaId, StartOrder, Survivor
from dispatcher.hosts.process import ProcessHost
from tests.fakes.inference_server import FakeInferenceServer

_GOING_S = 0.01  # a process takes a moment to go, in which a request may still be on its way to it


class ServerHost(ProcessHost):
    """In place of a process host, for tests that need hundreds of starts."""

    def __init__(self, folder: Path, program: Sequence[str], install_id: str) -> None:
        super().__init__(folder, program, install_id)
        self._there: dict[ReplicaId, FakeInferenceServer] = {}

    async def start(self, order: StartOrder) -> Endpoint:
        """A server on a socket of its own."""
        server = FakeInferenceServer(model=order.model_id, context_tokens=order.context_tokens, slots=order.slots)
        self._there[order.replica_id] = await server.__aenter__()
        return server.endpoint

    async def stop(self, replica_id: ReplicaId, grace_s: float) -> bool:
        """It ends, whatever it is doing."""
        await asyncio.sleep(_GOING_S)
        if (server := self._there.pop(replica_id, None)) is not None:
            await asyncio.shield(server.__aexit__(None, None, None))
        return True

    async def look(self) -> Mapping[ReplicaId, Look]:
        """All that were started and not stopped."""
        return dict.fromkeys(self._there, Look(None, None, None))

    async def look_at(self, replica_id: ReplicaId) -> Look:
        """Whether it was stopped."""
        return Look(None, None, None if replica_id in self._there else "it was stopped")

    async def survivors(self) -> tuple[Survivor, ...]:
        """None: they end with the process."""
        return ()
