"""How many dispatches may be in hand, over all and for one model, and when to come back once that is reached."""

import random

from dispatcher.core.task import ModelId
from dispatcher.errors import Overloaded
from dispatcher.service.fleet import Fleet
from dispatcher.service.registry import Registry

_SOONEST_S = 1.0
_LATEST_S = 300.0
_JITTER = (0.8, 1.2)  # so that those who were refused together don't come back together


class Room:
    """Keeps the queues bounded, so that memory stays flat whatever comes.

    Args:
        queue_max: dispatches that may wait or run at once.
        queue_model_max: of them, those that wait for one model; leaves room for the others.
        rng: spreads the times to come back.
    """

    def __init__(
        self, fleet: Fleet, registry: Registry, queue_max: int, queue_model_max: int, rng: random.Random
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._queue_max = queue_max
        self._queue_model_max = queue_model_max
        self._rng = rng

    def check(self) -> None:
        """See whether there is room at all; cheap enough to ask before a request is read.

        Raises: Overloaded, saying when to come back.
        """
        promised = self._fleet.promised
        if promised >= self._queue_max:
            raise Overloaded(
                f"{promised} dispatches are waiting already (AI_DISPATCH_QUEUE_MAX)",
                retry_after_s=self._again_in_s(self._drain_s()),
            )

    def check_for(self, model_id: ModelId) -> None:
        """See whether there is room for one more that waits for a model.

        Raises: Overloaded, saying when to come back.
        """
        self.check()
        waiters = self._fleet.waiters(model_id)
        if len(waiters) >= self._queue_model_max:
            work_s = sum(waiter.run_s for waiter in waiters)
            raise Overloaded(
                f"{len(waiters)} dispatches wait for {model_id} already (AI_DISPATCH_QUEUE_MODEL_MAX)",
                retry_after_s=self._again_in_s(work_s),
            )

    def _drain_s(self) -> float:
        """Expected seconds until all that is in hand is done: what is in memory, and then the other models in turn."""
        in_memory_s = max((resident.busy_s for resident in self._fleet.residents()), default=0.0)
        specs = {spec.id: spec for spec in self._registry}
        turns_s = sum(
            specs[model_id].load_s + sum(waiter.run_s for waiter in waiters) / specs[model_id].slots
            for model_id, waiters in self._fleet.stranded.items()
            if model_id in specs
        )
        return in_memory_s + turns_s

    def _again_in_s(self, drain_s: float) -> float:
        """When half of what waits should be gone."""
        return min(max(drain_s / 2, _SOONEST_S), _LATEST_S) * self._rng.uniform(*_JITTER)
