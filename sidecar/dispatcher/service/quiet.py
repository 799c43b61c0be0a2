"""Making sure that no replica still works on what an earlier run of the sidecar had asked of it."""

import asyncio
from collections.abc import Callable

import structlog

from dispatcher.core.deadline import Deadline
from dispatcher.core.outcome import Ask
from dispatcher.core.replica import ReplicaState
from dispatcher.core.task import Message, Role
from dispatcher.errors import DispatcherError
from dispatcher.service.equipment import Equipment
from dispatcher.service.fleet import Fleet
from dispatcher.service.replica import Replica

_LOG = structlog.get_logger(__name__)
_PATIENCE_S = 120.0


class Quiet:
    """Asks every adopted replica for one token on each of its slots: it is given when what was before is over.

    The engine has noticed by then that its former caller is gone. A replica that doesn't answer is no better than one
    that works: the watcher and the next dispatch deal with it.
    """

    def __init__(self, fleet: Fleet, equipment: Equipment, now: Callable[[], float]) -> None:
        self._adopted = [replica for replica in fleet if replica.state is ReplicaState.READY]
        self._equipment = equipment
        self._now = now

    async def wait(self) -> None:
        """Return when all of them are done with the past."""
        slots = [replica for replica in self._adopted for _ in range(replica.order.slots)]
        await asyncio.gather(*(self._asked(replica) for replica in slots))

    async def _asked(self, replica: Replica) -> None:
        if replica.endpoint is None:
            return
        runtime = self._equipment.runtime_of(replica.spec)
        ask = Ask(replica.model_id, (Message(Role.USER, "Hi"),), max_tokens=1)
        try:
            await runtime.complete(replica.endpoint, ask, Deadline.after(self._now(), _PATIENCE_S))
        except DispatcherError as error:
            _LOG.warning("replica_not_quiet", replica=replica.id, reason=error.message)
