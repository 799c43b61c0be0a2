"""Which model comes into memory next, for those that wait: as few swaps as their deadlines allow.

On a small machine a load costs as much as many answers. So whoever waits is kept together by model: the model in memory
goes on for as long as that saves more waiting than it costs, and then the next one gets its turn. Nothing here acts:
the caller starts what is returned, and asks again whenever something has changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dispatcher.core.placement import place
from dispatcher.core.replica import ReplicaId, ReplicaState, Resident
from dispatcher.core.task import ModelId
from dispatcher.core.waiting import Waiter

_UTILISATION_MAX = 0.95
_HOLD_S = 2.0  # a replica idle for less is likely to be asked again in a moment, as by a loop over items
_HOLD_SHARE = 0.2  # but not held for longer than this share of the loads it saves


@dataclass(frozen=True, slots=True)
class Side:
    """One model's queue, and what serving it takes.

    Args:
        load_s: what it takes to have the model in memory when it isn't.
        slots: dispatches served at once.
        footprint_mib: memory a replica takes; 0 when it is someone else's.
        arrivals_per_s: how often it is asked, lately.
    """

    model_id: ModelId
    waiters: tuple[Waiter, ...]
    load_s: float
    slots: int
    footprint_mib: int
    arrivals_per_s: float = 0.0

    def weight(self, now_s: float) -> float:
        """What a second of waiting costs all of them together."""
        return sum(waiter.weight(now_s) for waiter in self.waiters)

    @property
    def work_s(self) -> float:
        """Seconds until the queue is empty, if nobody else came."""
        return sum(waiter.run_s for waiter in self.waiters) / self.slots

    @property
    def drain_s(self) -> float:
        """Seconds until the queue is empty while it refills as it has done lately."""
        if not self.waiters:
            return 0.0
        run_s = sum(waiter.run_s for waiter in self.waiters) / len(self.waiters)
        utilisation = min(self.arrivals_per_s * run_s / self.slots, _UTILISATION_MAX)
        return self.work_s / (1.0 - utilisation)


@dataclass(frozen=True, slots=True)
class Load:
    """Start a replica of a model, when these others have ended their answers and stopped."""

    model_id: ModelId
    evicts: tuple[ReplicaId, ...]


def next_load(
    sides: Mapping[ModelId, Side], residents: Sequence[Resident], budget_mib: int, now_s: float
) -> Load | None:
    """Say what to start now; None when those in memory should go on. Ask again after doing it.

    Args:
        sides: every model that may be started, at least those that somebody waits for or that are resident.
        residents: replicas of one machine, any order; `drain_s` counts what waits for them, `in_flight_s` doesn't.
        budget_mib: memory lent to models.
    """
    there = {one.model_id for one in residents if not one.is_condemned}
    absent = [side for side in sides.values() if side.waiters and side.model_id not in there]
    yielding = [replace(one, drain_s=one.in_flight_s) for one in residents]
    for side in sorted(absent, key=lambda one: _turn(one, now_s)):
        placement = place(side.footprint_mib, yielding, budget_mib) if side.footprint_mib else None
        if side.footprint_mib == 0:
            return Load(side.model_id, ())
        if placement is None:
            continue
        leaving = [one for one in residents if one.replica_id in placement.evicts]
        if should_switch(side, [Incumbent.of(one, sides) for one in leaving], now_s):
            return Load(side.model_id, placement.evicts)
    return None


def _turn(side: Side, now_s: float) -> tuple[bool, float, ModelId]:
    """Who is considered first: whose deadlines press, then whoever saves most waiting per second of work."""
    presses = any(waiter.latest_start_s - side.load_s <= now_s for waiter in side.waiters)
    return not presses, -side.weight(now_s) / (side.load_s + side.work_s), side.model_id


@dataclass(frozen=True, slots=True)
class Incumbent:
    """A model in memory that would have to go.

    Args:
        up_s: how long it has been ready.
        idle_s: how long it has had nothing to do; 0 while it works.
        busy_s: until what it works on is done.
    """

    side: Side
    up_s: float
    idle_s: float
    busy_s: float

    @classmethod
    def of(cls, resident: Resident, sides: Mapping[ModelId, Side]) -> "Incumbent":
        """What a resident stands for; one whose model may not be started again has nobody who waits."""
        alone = Side(resident.model_id, (), resident.reload_s, resident.slots, resident.footprint_mib)
        up_s = resident.up_s if resident.state is ReplicaState.READY else 0.0
        busy_s = resident.ready_in_s + resident.in_flight_s
        return cls(sides.get(resident.model_id, alone), up_s, resident.idle_s, busy_s)


def should_switch(wanted: Side, incumbents: Sequence[Incumbent], now_s: float) -> bool:
    """Say whether `wanted` should come in now, or after those in memory have done more.

    Staying serves the queue in memory first: all of `wanted` wait for its drain. Switching makes that queue wait for
    the load, for all of `wanted`, and for a load of its own. The smaller weighted waiting wins, but

    - when a deadline presses, the side on which more would be missed goes first: this bounds every wait by its
      deadline, and keeps two late queues from pushing each other out for nothing;
    - a model stays for as long as the two loads take, so that half of the time at least is work;
    - one that fell idle this very moment is given a moment, for its caller may be about to send the next item.

    Source: the exchange argument of weighted shortest processing time (Smith 1956), with setup times.
    """
    if not wanted.waiters:
        return False
    busy_s = max((one.busy_s for one in incumbents), default=0.0)
    saved, lost = _saved(wanted, incumbents, busy_s, now_s), _lost(wanted, incumbents, busy_s, now_s)
    if saved > lost:
        return True
    return lost == 0.0 and all(_gives_way(one, wanted, now_s) for one in incumbents)


def _saved(wanted: Side, incumbents: Sequence[Incumbent], busy_s: float, now_s: float) -> float:
    """Weight of those who are in time if the switch is now, and hardly when it has to wait for another answer."""
    start_s = now_s + busy_s + wanted.load_s
    another_s = max((_one_more_s(one) for one in incumbents), default=0.0)
    return sum(
        waiter.weight(now_s)
        for waiter in wanted.waiters
        if not waiter.is_hopeless(start_s) and start_s + another_s > waiter.latest_start_s
    )


def _one_more_s(incumbent: Incumbent) -> float:
    return max((waiter.run_s for waiter in incumbent.side.waiters), default=0.0)


def _lost(wanted: Side, incumbents: Sequence[Incumbent], busy_s: float, now_s: float) -> float:
    """Weight of those in memory's queues who are in time if it stays, and not after a switch and back."""
    lost = 0.0
    for one in incumbents:
        side = one.side
        ahead_s = 0.0
        for waiter in sorted(side.waiters, key=lambda waiter: waiter.deadline_s):
            stay_s = now_s + one.busy_s + ahead_s / side.slots
            back_s = now_s + busy_s + wanted.load_s + wanted.work_s + side.load_s + ahead_s / side.slots
            if not waiter.is_hopeless(stay_s) and waiter.is_hopeless(back_s):
                lost += waiter.weight(now_s)
            ahead_s += waiter.run_s
    return lost


def _gives_way(incumbent: Incumbent, wanted: Side, now_s: float) -> bool:
    side = incumbent.side
    loads_s = wanted.load_s + side.load_s
    has_earned_its_load = incumbent.up_s >= loads_s
    if not side.waiters:
        is_wanted_again = side.arrivals_per_s > 0.0 and incumbent.idle_s < min(_HOLD_S, _HOLD_SHARE * loads_s)
        return has_earned_its_load or not is_wanted_again
    saved = wanted.weight(now_s) * side.drain_s
    cost = side.weight(now_s) * (wanted.load_s + wanted.work_s + side.load_s)
    return has_earned_its_load and saved > cost
