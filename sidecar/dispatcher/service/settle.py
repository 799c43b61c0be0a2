"""Keeping the slot and the cores of a dispatch that ended before its server did, until that server is idle."""

import asyncio
from collections.abc import Callable

import structlog

from dispatcher.core.replica import ReplicaState
from dispatcher.service.diagnose import Doctor
from dispatcher.service.equipment import Equipment
from dispatcher.service.fleet import Fleet
from dispatcher.service.leftover import has_leftover
from dispatcher.service.replica import Promise, Replica
from dispatcher.service.tasks import KeptTasks

_LOG = structlog.get_logger(__name__)
_EVERY_S = 0.02
_EVERY_MAX_S = 0.25
_TOKEN_S = 0.25  # a server that doesn't say notices at its next token that its caller has left
_UNTOLD_MAX_S = 10.0
_HUNG_S = 10.0  # beyond what the whole answer was expected to take


class Settler:
    """Servers notice late that a caller has left: while they read a prompt, say. The caller waits for none of it.

    Args:
        now: the monotonic clock, in seconds.
    """

    def __init__(
        self, fleet: Fleet, equipment: Equipment, doctor: Doctor, tasks: KeptTasks, now: Callable[[], float]
    ) -> None:
        self._fleet = fleet
        self._equipment = equipment
        self._doctor = doctor
        self._tasks = tasks
        self._now = now

    def settle(self, promise: Promise, replica: Replica, rest_s: float, give_back: Callable[[], None]) -> None:
        """Begin to wait; `give_back` is called when the server is idle, gone, or seems to hang.

        Args:
            rest_s: how long it should still read the prompt; believed where the server doesn't say what it does.
        """
        self._fleet.leave(promise)
        self._tasks.keep(self._settled(promise, replica, rest_s, give_back), f"settle {replica.id}")

    async def _settled(self, promise: Promise, replica: Replica, rest_s: float, give_back: Callable[[], None]) -> None:
        begun_s, pause_s = self._now(), _EVERY_S
        told_idle_s = begun_s + min(rest_s + _TOKEN_S, _UNTOLD_MAX_S)
        hung_s = begun_s + promise.waiter.run_s + _HUNG_S
        try:
            while not await self._is_idle(replica, told_idle_s):
                if self._now() >= hung_s:
                    self._doctor.hung(replica)
                    return
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _EVERY_MAX_S)
        finally:
            give_back()
        _LOG.debug("slot_settled", replica=replica.id, took_s=round(self._now() - begun_s, 2))

    async def _is_idle(self, replica: Replica, told_idle_s: float) -> bool:
        """Whether it works on no more than it should; one that doesn't answer does work on something."""
        if replica.state is not ReplicaState.READY:
            return True
        leftover = await has_leftover(replica, self._equipment.runtime_of(replica.spec))
        return self._now() >= told_idle_s if leftover is None else not leftover
