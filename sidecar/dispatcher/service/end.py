"""Ending a replica for whoever has decided so; its memory counts until its host says that it is gone."""

import asyncio

import structlog

from dispatcher.core.replica import ReplicaState
from dispatcher.service.equipment import Equipment
from dispatcher.service.fleet import Fleet
from dispatcher.service.replica import Replica
from dispatcher.service.tasks import KeptTasks

_LOG = structlog.get_logger(__name__)
_AGAIN_S = 1.0


class Ender:
    """Ends draining replicas. A host that doesn't answer is asked again until it does."""

    def __init__(self, fleet: Fleet, equipment: Equipment, tasks: KeptTasks) -> None:
        self._fleet = fleet
        self._equipment = equipment
        self._tasks = tasks

    def end(self, replica: Replica, final: ReplicaState, grace_s: float) -> None:
        """Begin to end a draining replica; it leaves the table as `final`, stopped or failed, when it is gone."""
        self._tasks.keep(self._ended(replica, final, grace_s), f"end {replica.id}")

    async def end_now(self, replica: Replica, grace_s: float) -> None:
        """Ask its host once to end a replica; for the end of the sidecar."""
        await self._equipment.host_of(replica.spec).stop(replica.id, grace_s)

    async def _ended(self, replica: Replica, final: ReplicaState, grace_s: float) -> None:
        host = self._equipment.host_of(replica.spec)
        while not await host.stop(replica.id, grace_s):  # noqa: ASYNC110 - it is another's: there is no event
            await asyncio.sleep(_AGAIN_S)
        self._fleet.advance(replica, final)
        _LOG.info("replica_gone", replica=replica.id, model=replica.model_id, state=final, reason=replica.reason)
