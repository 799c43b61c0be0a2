"""How each replica does, from its answers and its faults; one that fails again and again is ejected, ours replaced."""

import structlog

from dispatcher.core.breaker import FAULTS_MAX
from dispatcher.core.replica import ReplicaState
from dispatcher.errors import (
    RuntimeBusy,
    RuntimeDenied,
    RuntimeFault,
    RuntimeIncomplete,
    RuntimeRateLimited,
    RuntimeUnreachable,
)
from dispatcher.metrics import Metrics
from dispatcher.service.fleet import Fleet
from dispatcher.service.rate_limits import RateLimits
from dispatcher.service.registry import Registry
from dispatcher.service.remotes import Remotes
from dispatcher.service.replica import Replica
from dispatcher.service.watch import Watcher

_LOG = structlog.get_logger(__name__)
_FELT_S = 0.1  # what comes sooner says more of this machine's other work than of the replica


class Doctor:
    """Told of each answer and each fault of a runtime.

    Deadlines, callers who leave, refusals and servers that are busy or still load say nothing against a replica.
    """

    def __init__(
        self,
        fleet: Fleet,
        registry: Registry,
        watcher: Watcher,
        remotes: Remotes,
        limits: RateLimits,
        metrics: Metrics,
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._watcher = watcher
        self._remotes = remotes
        self._limits = limits
        self._metrics = metrics

    def answered(self, replica: Replica) -> None:
        """It gave an answer."""
        self._fleet.answered(replica)
        self._remotes.answered(replica.model_id)

    def spoke(self, replica: Replica, first_token_s: float, expected_s: float, at_once: int) -> None:
        """Its first token came, while it worked on so many dispatches at once."""
        before = replica.limit.slots
        self._fleet.measured(replica, max(first_token_s, _FELT_S) / max(expected_s, _FELT_S), at_once)
        if replica.limit.slots != before:
            _LOG.info("replica_slots", replica=replica.id, model=replica.model_id, slots=replica.limit.slots)

    async def failed(self, replica: Replica, error: RuntimeFault) -> int:
        """It failed. One that hung up may be gone: look now, so that the next choice doesn't fall on it again.

        Returns: on how many dispatches it worked when it crashed; 0 when it hasn't, or wasn't asked any more.
        """
        if isinstance(error, RuntimeRateLimited | RuntimeDenied):
            self._limits.leave_out(replica.model_id, error.retry_after_s or 0.0, error.message)
            self._fleet.disappoint(replica.model_id, error)  # those who wait for it would be told the same
            return 0
        if isinstance(error, RuntimeBusy):
            return 0
        in_flight = replica.in_flight
        if isinstance(error, RuntimeUnreachable | RuntimeIncomplete):
            self._remotes.doubt(replica.model_id)
            await self._watcher.check(replica)
        if replica.state is ReplicaState.READY:
            if self._fleet.failed(replica):
                self._ejected(replica, error)
            return in_flight if error.has_crashed else 0
        return 0 if isinstance(error, RuntimeUnreachable) and not error.was_asked else replica.in_flight_when_lost

    def hung(self, replica: Replica) -> None:
        """It goes on for much too long with what nobody waits for; one of ours is ended and started anew."""
        _LOG.warning("replica_hung", replica=replica.id, model=replica.model_id)
        self._fleet.failed(replica)
        if replica.order.is_ours and self._may_start(replica):
            self._fleet.condemn(replica, "hung: it doesn't notice that its callers have left", is_urgent=True)

    def _ejected(self, replica: Replica, error: RuntimeFault) -> None:
        """A restart often cures what has worked before; the next dispatch that wants the model starts it anew."""
        self._metrics.ejections.labels(replica.model_id).inc()
        is_replaced = replica.order.is_ours and replica.breaker.has_answered and self._may_start(replica)
        _LOG.warning(
            "replica_ejected",
            replica=replica.id,
            model=replica.model_id,
            last=error.code,
            ejections=replica.breaker.ejections,
            is_replaced=is_replaced,
        )
        if is_replaced:
            self._fleet.condemn(replica, f"ejected after {FAULTS_MAX} faults in a row")

    def _may_start(self, replica: Replica) -> bool:
        candidate = self._registry.candidate(replica.spec)
        return candidate.spec.is_enabled and candidate.quarantine is None and candidate.unstartable is None
