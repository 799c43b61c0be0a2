"""Which replicas have been idle for too long."""

from collections.abc import Sequence

from dispatcher.core.replica import ReplicaId, ReplicaState, Resident


def too_long_idle(residents: Sequence[Resident], idle_max_s: float) -> tuple[ReplicaId, ...]:
    """The ready replicas that nobody has used for `idle_max_s` seconds, and that owe nobody an answer."""
    return tuple(
        resident.replica_id
        for resident in residents
        if resident.state is ReplicaState.READY
        and not resident.is_condemned
        and not resident.is_pinned
        and resident.drain_s == 0.0
        and resident.idle_s >= idle_max_s
    )
