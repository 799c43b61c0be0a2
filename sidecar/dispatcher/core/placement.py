"""Where the memory for a replica comes from: free, or given up by others."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from dispatcher.core.replica import ReplicaId, Resident

_HORIZON_S = 300.0  # how far ahead a likely next use counts against an eviction
_ENUMERATED_MAX = 12  # beyond this many residents, the best ones by regret per MiB are considered


@dataclass(frozen=True, slots=True)
class Placement:
    """How a replica gets its memory.

    Args:
        evicts: replicas that must stop first; empty when memory is free.
        wait_s: expected time until they have done what they promised.
        regret_s: expected seconds of loading that their eviction causes later.
    """

    evicts: tuple[ReplicaId, ...]
    wait_s: float
    regret_s: float


def place(wanted_mib: int, residents: Sequence[Resident], budget_mib: int) -> Placement | None:
    """Say whether a replica of `wanted_mib` fits, and which others must stop first.

    Condemned residents already count as leaving; pinned ones stay. The cheapest set to evict has the least regret plus
    waiting; one that holds work is never cut short, but drained, which takes `wait_s`.

    Returns: None when it doesn't fit even with everything else gone that may go.
    Source: the value of a resident follows GreedyDual-Size-Frequency (Cherkasova 1998).
    """
    staying = [resident for resident in residents if not resident.is_condemned]
    missing_mib = sum(resident.footprint_mib for resident in staying) + wanted_mib - budget_mib
    leaving_s = _leaving_wait_s(wanted_mib, residents, budget_mib)
    if missing_mib <= 0:
        return Placement((), leaving_s, 0.0)
    best: Placement | None = None
    for evicted in _sets([resident for resident in staying if not resident.is_pinned]):
        if sum(resident.footprint_mib for resident in evicted) < missing_mib:
            continue
        wait_s = max(leaving_s, *(resident.busy_s for resident in evicted))
        regret_s = sum(regret(resident) for resident in evicted)
        if best is None or wait_s + regret_s < best.wait_s + best.regret_s:
            best = Placement(tuple(resident.replica_id for resident in evicted), wait_s, regret_s)
    return best


def regret(resident: Resident) -> float:
    """Expected seconds of loading that evicting this replica causes: its load time × chance of use soon."""
    return resident.reload_s * -math.expm1(-resident.uses_per_s * _HORIZON_S)


def _leaving_wait_s(wanted_mib: int, residents: Sequence[Resident], budget_mib: int) -> float:
    leaving = [resident for resident in residents if resident.is_condemned]
    if not leaving or sum(resident.footprint_mib for resident in residents) + wanted_mib <= budget_mib:
        return 0.0
    return max(resident.busy_s for resident in leaving)


def _sets(staying: Sequence[Resident]) -> list[tuple[Resident, ...]]:
    considered = sorted(staying, key=lambda resident: (regret(resident) + resident.busy_s) / resident.footprint_mib)
    if len(considered) > _ENUMERATED_MAX:
        return [tuple(considered[:count]) for count in range(1, len(considered) + 1)]
    return [chosen for count in range(1, len(considered) + 1) for chosen in combinations(considered, count)]
