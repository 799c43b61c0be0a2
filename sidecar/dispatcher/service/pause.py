"""Putting an idle replica to sleep, and waking it for whoever has a slot on it."""

import asyncio

import structlog

from dispatcher.errors import HostUnreachable
from dispatcher.service.equipment import Equipment
from dispatcher.service.fleet import Fleet
from dispatcher.service.replica import Replica
from dispatcher.service.tasks import KeptTasks

_LOG = structlog.get_logger(__name__)


class Pauser:
    """Pauses and wakes. Both run to their end whoever waits, one after the other for each replica."""

    def __init__(self, fleet: Fleet, equipment: Equipment, tasks: KeptTasks) -> None:
        self._fleet = fleet
        self._equipment = equipment
        self._tasks = tasks

    def pause(self, replica: Replica) -> None:
        """Begin to put a replica to sleep; from now on it must be woken before it is used."""
        lock = asyncio.Lock()
        self._fleet.pausing(replica, lock)
        self._tasks.keep(self._paused(replica, lock), f"pause {replica.id}")

    async def wake(self, replica: Replica) -> None:
        """Return when the replica is awake.

        Raises: HostUnreachable when its host can't be heard.
        """
        while (lock := replica.sleep) is not None:
            await asyncio.shield(self._tasks.keep(self._awake(replica, lock), f"wake {replica.id}"))

    async def _paused(self, replica: Replica, lock: asyncio.Lock) -> None:
        async with lock:
            if replica.sleep is not lock:
                return  # woken already
            try:
                await self._equipment.host_of(replica.spec).pause(replica.id)
            except HostUnreachable as error:
                _LOG.info("pause_failed", replica=replica.id, reason=error.message)
            else:
                _LOG.info("replica_paused", replica=replica.id, model=replica.model_id)

    async def _awake(self, replica: Replica, lock: asyncio.Lock) -> None:
        async with lock:
            if replica.sleep is lock:
                await self._equipment.host_of(replica.spec).wake(replica.id)
                self._fleet.awake(replica)
