"""How many dispatches may be in hand: over all, of one workflow, for one model; when to come back if they are."""

import math
import random
from collections.abc import Callable

from dispatcher.core.waiting import Waiter
from dispatcher.errors import Overloaded
from dispatcher.service.fleet import Fleet
from dispatcher.service.registry import Registry

_SOONEST_S = 1.0
_LATEST_S = 300.0
_JITTER = (0.8, 1.2)  # so that those who were refused together don't come back together
_DRAIN_FOR_S = 0.25  # how long an estimate of what is in hand is good for: it costs more than all else of a refusal
_SHARE = 4  # times what is free is what one share may hold: alone four fifths of all


class Room:
    """Keeps the queues bounded, so that memory stays flat whatever comes.

    Args:
        queue_max: dispatches that may wait or run at once.
        queue_model_max: of them, those that wait for one model; leaves room for the others.
        now: the monotonic clock, in seconds.
        rng: spreads the times to come back.
    """

    def __init__(
        self,
        fleet: Fleet,
        registry: Registry,
        queue_max: int,
        queue_model_max: int,
        now: Callable[[], float],
        rng: random.Random,
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._queue_max = queue_max
        self._queue_model_max = queue_model_max
        self._now = now
        self._rng = rng
        self._drained_at_s = -math.inf
        self._last_drain_s = 0.0

    def check(self) -> None:
        """See whether there is room at all; cheap enough to ask before a request is read.

        Raises: Overloaded, saying when to come back.
        """
        promised = self._fleet.promised
        if promised >= self._queue_max:
            raise self._overloaded(f"{promised} dispatches are waiting already (AI_DISPATCH_QUEUE_MAX)")

    def check_share(self, share: str) -> None:
        """See whether there is room for one more of a share; cheap enough to ask before a model is chosen.

        A share may hold a multiple of the room that is still free: one alone most of it, and there is always some left
        for who comes next.

        Raises: Overloaded, saying when to come back.
        Source: dynamic queue length thresholds (Choudhury and Hahne 1998).
        """
        self.check()
        held, free = self._fleet.promised_to(share), self._queue_max - self._fleet.promised
        if held >= _SHARE * free:
            raise self._overloaded(
                f"{held} dispatches of this workflow are waiting already, and what room is left is for others "
                "(AI_DISPATCH_QUEUE_MAX)"
            )

    def check_for(self, waiter: Waiter) -> None:
        """See whether there is room for one more that waits for a model.

        Raises: Overloaded, saying when to come back.
        """
        self.check_share(waiter.share)
        model_id = waiter.model_id
        waiting, held = self._fleet.line_length(model_id), self._fleet.waiting_of(model_id, waiter.share)
        if held >= _SHARE * (self._queue_model_max - waiting):
            work_s = sum(one.run_s for one in self._fleet.waiters(model_id))
            raise Overloaded(
                f"{waiting} dispatches wait for {model_id} already, {held} of them of this workflow "
                "(AI_DISPATCH_QUEUE_MODEL_MAX)",
                retry_after_s=self._again_in_s(work_s),
            )

    def _overloaded(self, message: str) -> Overloaded:
        now_s = self._now()
        if now_s >= self._drained_at_s + _DRAIN_FOR_S:
            self._drained_at_s, self._last_drain_s = now_s, self._drain_s()
        return Overloaded(message, retry_after_s=self._again_in_s(self._last_drain_s))

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
