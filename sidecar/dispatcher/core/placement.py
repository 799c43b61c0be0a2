"""Where the memory for a replica comes from: free, or given up by others."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.core.replica import ReplicaId, Resident

_HORIZON_S = 300.0  # how far ahead a likely next use counts against an eviction
_ENUMERATED_MAX = 12  # beyond this many residents, the cheapest per MiB are taken until it is enough


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
    leavable = [resident for resident in staying if not resident.is_pinned]
    evicted = _cheapest(leavable, missing_mib, leaving_s)
    if evicted is None:
        return None
    return Placement(
        evicts=tuple(resident.replica_id for resident in evicted),
        wait_s=max(leaving_s, *(resident.busy_s for resident in evicted)),
        regret_s=sum(regret(resident) for resident in evicted),
    )


def regret(resident: Resident) -> float:
    """Expected seconds of loading that evicting this replica causes: its load time × chance of use soon.

    One that somebody waits for is wanted for certain. So is one that has not yet been up for as long as its load took:
    else two models that don't fit together would push each other out before either has earned its load.
    """
    if resident.waiting or resident.up_s < resident.reload_s:
        return resident.reload_s
    return resident.reload_s * -math.expm1(-resident.uses_per_s * _HORIZON_S)


def _leaving_wait_s(wanted_mib: int, residents: Sequence[Resident], budget_mib: int) -> float:
    leaving = [resident for resident in residents if resident.is_condemned]
    if not leaving or sum(resident.footprint_mib for resident in residents) + wanted_mib <= budget_mib:
        return 0.0
    return max(resident.busy_s for resident in leaving)


def _cheapest(residents: Sequence[Resident], missing_mib: int, leaving_s: float) -> tuple[Resident, ...] | None:
    """The set that frees enough for the least regret plus waiting; exact for a dozen residents, greedy beyond.

    A depth-first search that gives up a branch as soon as it costs as much as the best set found, or can't free enough.
    """
    ordered = sorted(residents, key=lambda resident: (regret(resident) + resident.busy_s) / resident.footprint_mib)
    rest_mib = [sum(resident.footprint_mib for resident in ordered[index:]) for index in range(len(ordered) + 1)]
    if rest_mib[0] < missing_mib:
        return None
    if len(ordered) > _ENUMERATED_MAX:
        count = next(count for count in range(len(ordered) + 1) if rest_mib[0] - rest_mib[count] >= missing_mib)
        return tuple(ordered[:count])
    best_cost, best = math.inf, tuple(ordered)

    def search(index: int, freed_mib: int, wait_s: float, regret_s: float, chosen: tuple[Resident, ...]) -> None:
        nonlocal best_cost, best
        if wait_s + regret_s >= best_cost or freed_mib + rest_mib[index] < missing_mib:
            return
        if freed_mib >= missing_mib:
            best_cost, best = wait_s + regret_s, chosen
            return
        one = ordered[index]
        taken_s = max(wait_s, one.busy_s)
        search(index + 1, freed_mib + one.footprint_mib, taken_s, regret_s + regret(one), (*chosen, one))
        search(index + 1, freed_mib, wait_s, regret_s, chosen)

    search(0, 0, leaving_s, 0.0, ())
    return best
