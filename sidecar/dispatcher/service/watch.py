"""Seeing what hosts see: memory, and replicas that ended without being told to."""

import asyncio
from collections.abc import Callable

import structlog

from dispatcher.core.replica import Look, ReplicaState
from dispatcher.errors import RuntimeUnreachable
from dispatcher.hosts.host import Host
from dispatcher.service.end import Ender
from dispatcher.service.equipment import Equipment
from dispatcher.service.fleet import Fleet
from dispatcher.service.registry import Registry
from dispatcher.service.replica import Replica

_LOG = structlog.get_logger(__name__)
_EVERY_S = 0.5
_GRACE_S = 1.0
_CHECK_S = 2.0
_CHECK_EVERY_S = 0.02


class Watcher:
    """Keeps the fleet's table true to what really runs."""

    def __init__(
        self, fleet: Fleet, equipment: Equipment, registry: Registry, ender: Ender, now: Callable[[], float]
    ) -> None:
        self._fleet = fleet
        self._equipment = equipment
        self._ender = ender
        self._registry = registry
        self._now = now

    async def run(self, host: Host) -> None:
        """Look at every replica of one host twice a second, for ever; one host that hangs holds up no other."""
        while True:
            looks = await host.look()
            for replica in self._fleet:
                if (look := looks.get(replica.id)) is not None:
                    self._take_in(replica, look)
            await asyncio.sleep(_EVERY_S)

    async def check(self, replica: Replica) -> None:
        """Find out whether a replica that hung up on a dispatch still lives; one that doesn't leaves the table.

        A process that was killed takes a moment to be seen as gone, and one that hung up may answer again.
        """
        give_up_s = self._now() + _CHECK_S
        while replica.state is ReplicaState.READY and replica.endpoint is not None:
            look = await self._equipment.host_of(replica.spec).look_at(replica.id)
            if look.ended is None and self._now() >= give_up_s:
                look = Look(None, None, f"it hung up and didn't answer for {_CHECK_S:.0f} s")
            self._take_in(replica, look)
            if look.ended is not None or await self._equipment.runtime_of(replica.spec).is_ready(replica.endpoint):
                return
            await asyncio.sleep(_CHECK_EVERY_S)

    def _take_in(self, replica: Replica, look: Look) -> None:
        self._fleet.seen(replica, look)
        if look.memory_mib is not None and replica.state is ReplicaState.READY:
            self._registry.measured(replica.model_id, look.memory_mib)
        if look.ended is None or replica.state is not ReplicaState.READY:
            return  # who starts or stops it sees its end, and knows better what it means
        if look.is_out_of_memory:
            self._fleet.ran_out(replica)
            self._registry.ran_out(replica.model_id, replica.footprint_mib)
        _LOG.warning("replica_died", replica=replica.id, model=replica.model_id, reason=look.ended)
        error = RuntimeUnreachable(f"{replica.model_id} is gone: {look.ended}")
        self._fleet.lose(replica, error, look.ended)
        self._ender.end(replica, ReplicaState.FAILED, _GRACE_S)
