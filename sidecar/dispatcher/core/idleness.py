"""What becomes of a replica that nobody uses: it stays, sleeps with its memory kept, or stops."""

from collections.abc import Sequence
from enum import StrEnum

from dispatcher.core.eligibility import Candidate, missing_weights
from dispatcher.core.placement import regret
from dispatcher.core.replica import ReplicaState, Resident

_WORTH_KEEPING_S = 0.5  # of expected loading: who saves more, and is in nobody's way, is kept beyond its time
_PAUSE_AFTER_S = 30.0
_PAUSE_CORES = 0.02  # what a server must burn while idle for a pause to be felt
_WAKE_S = 0.02


class IdleStep(StrEnum):
    """What to do now."""

    KEEP = "keep"
    PAUSE = "pause"
    STOP = "stop"


def idle_step(resident: Resident, idle_max_s: float, *, is_in_the_way: bool) -> IdleStep:
    """Say what becomes of a replica; one that owes an answer, is pinned or on its way out is always kept.

    After `idle_max_s` it stops, unless it is in nobody's way and likely enough to be wanted soon, by the same regret
    that chooses evictions; that fades, so that in the end it stops all the same. Before that it is paused when it burns
    CPU for nothing: what it will have burnt until its next use outweighs the moment that waking takes.
    """
    is_idle = resident.state is ReplicaState.READY and resident.drain_s == 0.0
    if not is_idle or resident.is_condemned or resident.is_pinned:
        return IdleStep.KEEP
    if resident.idle_s >= idle_max_s and (is_in_the_way or regret(resident) < _WORTH_KEEPING_S):
        return IdleStep.STOP
    return IdleStep.PAUSE if _pays_to_pause(resident, idle_max_s) and not is_in_the_way else IdleStep.KEEP


def is_memory_wanted(candidates: Sequence[Candidate], residents: Sequence[Resident], budget_mib: int) -> bool:
    """Whether some model that could be started now would have to evict another for it."""
    there = {resident.model_id for resident in residents}
    free_mib = budget_mib - sum(resident.footprint_mib for resident in residents)
    return any(
        candidate.spec.is_enabled
        and candidate.spec.id not in there
        and missing_weights(candidate) is None
        and candidate.quarantine is None
        and candidate.unstartable is None
        and free_mib < candidate.footprint_mib <= budget_mib
        for candidate in candidates
    )


def _pays_to_pause(resident: Resident, idle_max_s: float) -> bool:
    if resident.is_paused or resident.idle_s < min(_PAUSE_AFTER_S, idle_max_s / 2):
        return False
    if resident.idle_cores < _PAUSE_CORES:
        return False
    return resident.idle_cores > _WAKE_S * resident.uses_per_s
