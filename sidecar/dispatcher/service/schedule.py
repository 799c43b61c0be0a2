"""Giving memory to the models that are waited for: starts what core says, whenever something has changed."""

import asyncio
from collections.abc import Callable

import structlog

from dispatcher.core.scheduling import next_load
from dispatcher.core.task import ModelId
from dispatcher.core.waiting import Waiter
from dispatcher.errors import DispatcherError, HostUnreachable, ModelNotFound, ReplicaStartFailed
from dispatcher.service.fleet import Fleet
from dispatcher.service.registry import Registry
from dispatcher.service.sides import sides_of
from dispatcher.service.start import Starter

_LOG = structlog.get_logger(__name__)
_EVERY_S = 0.5  # deadlines come nearer even when nothing else happens


class Scheduler:
    """Decides, by core, which model that is waited for comes into memory, and in whose place.

    Args:
        now: the monotonic clock, in seconds.
    """

    def __init__(
        self, fleet: Fleet, registry: Registry, starter: Starter, budget_mib: int, now: Callable[[], float]
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._starter = starter
        self._budget_mib = budget_mib
        self._now = now

    async def run(self) -> None:
        """Plan at every change, and now and then, for ever."""
        while True:
            self.plan()
            try:
                async with asyncio.timeout(_EVERY_S):
                    await self._fleet.changed()
            except TimeoutError:
                continue

    def plan(self) -> None:
        """Start what should be started now. Nothing here awaits, so what was decided on still holds."""
        while stranded := self._startable(self._fleet.stranded):
            sides = sides_of(stranded, self._fleet, self._registry)
            load = next_load(sides, self._fleet.residents(), self._budget_mib, self._now())
            if load is None:
                return
            _LOG.info("model_gets_its_turn", model=load.model_id, evicts=load.evicts)
            self._starter.start(self._registry.spec(load.model_id), load.evicts)

    def _startable(self, stranded: dict[ModelId, tuple[Waiter, ...]]) -> dict[ModelId, tuple[Waiter, ...]]:
        """Without the models that can't be started now; those who wait for these are told so."""
        kept = {}
        for model_id, waiters in stranded.items():
            if (error := self._why_not(model_id)) is None:
                kept[model_id] = waiters
            else:
                self._fleet.disappoint(model_id, error)
        return kept

    def _why_not(self, model_id: ModelId) -> DispatcherError | None:
        try:
            candidate = self._registry.candidate(self._registry.spec(model_id))
        except ModelNotFound:
            return ReplicaStartFailed(f"{model_id} was removed from the registry")
        if candidate.unstartable is not None:
            return HostUnreachable(f"{model_id} can't be started now: {candidate.unstartable}")
        if candidate.quarantine is not None:
            return ReplicaStartFailed(f"{model_id} can't be started now: {candidate.quarantine}")
        return None
