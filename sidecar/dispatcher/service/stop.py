"""Stopping replicas: the condemned ones when they have kept their promises, and all of them at the end."""

import asyncio

from dispatcher.core.replica import ReplicaState
from dispatcher.errors import ShuttingDown
from dispatcher.metrics import Metrics
from dispatcher.service.end import Ender
from dispatcher.service.fleet import Fleet
from dispatcher.service.replica import Replica

_GRACE_S = 5.0


class Stopper:
    """Stops what is condemned and has nothing left to do."""

    def __init__(self, fleet: Fleet, ender: Ender, metrics: Metrics) -> None:
        self._fleet = fleet
        self._ender = ender
        self._metrics = metrics

    async def run(self) -> None:
        """Stop condemned replicas as they fall idle, for ever."""
        while True:
            for replica in self._fleet:
                if replica.is_condemned and replica.state is ReplicaState.READY and self._fleet.is_done(replica):
                    self._fleet.advance(replica, ReplicaState.DRAINING)
                    self._ender.end(replica, ReplicaState.STOPPED, _GRACE_S)
                    self._metrics.stops.labels(replica.model_id, replica.reason.partition(" ")[0]).inc()
            await self._fleet.changed()

    async def stop_all(self) -> None:
        """End every replica now, whatever it does: the sidecar is going."""
        await asyncio.gather(*(self._end(replica) for replica in self._fleet))

    async def _end(self, replica: Replica) -> None:
        await self._ender.end_now(replica, _GRACE_S)
        if not replica.came_up.done():
            replica.came_up.set_exception(ShuttingDown("the sidecar is stopping"))
