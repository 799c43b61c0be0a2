"""Putting to sleep or stopping what nobody uses."""

import asyncio

from dispatcher.core.idleness import IdleStep, idle_step, is_memory_wanted
from dispatcher.service.fleet import Fleet
from dispatcher.service.pause import Pauser
from dispatcher.service.registry import Registry
from dispatcher.service.replica import Replica

_EVERY_S = 1.0


class Reaper:
    """Looks at idle replicas once a second.

    Decision and deed happen without a pause between them, so a dispatch that arrives at that moment either came first
    and keeps the replica, or comes after and chooses anew.

    Args:
        idle_max_s: how long a replica may be idle whose model says nothing else.
    """

    def __init__(self, fleet: Fleet, registry: Registry, pauser: Pauser, budget_mib: int, idle_max_s: float) -> None:
        self._fleet = fleet
        self._registry = registry
        self._pauser = pauser
        self._budget_mib = budget_mib
        self._idle_max_s = idle_max_s

    async def run(self) -> None:
        """Reap for ever."""
        while True:
            for replica in self._fleet:
                self._decide(replica)
            await asyncio.sleep(min(_EVERY_S, min(map(self._limit_s, self._fleet), default=self._idle_max_s) / 4))

    def _decide(self, replica: Replica) -> None:
        resident = self._fleet.resident(replica)
        limit_s = self._limit_s(replica)
        match idle_step(resident, limit_s, is_in_the_way=self._is_in_the_way()):
            case IdleStep.STOP:
                self._fleet.condemn(replica, f"idle for {resident.idle_s:.0f} s")
            case IdleStep.PAUSE:
                self._pauser.pause(replica)
            case IdleStep.KEEP:
                pass

    def _is_in_the_way(self) -> bool:
        candidates = [self._registry.candidate(spec) for spec in self._registry]
        return is_memory_wanted(candidates, self._fleet.residents(), self._budget_mib)

    def _limit_s(self, replica: Replica) -> float:
        return self._idle_max_s if replica.spec.idle_stop_s is None else replica.spec.idle_stop_s
