"""Which model comes into memory next, for those that wait: as few swaps as their deadlines allow.

On a small machine a load costs as much as many answers. So whoever waits is kept together by model: the model in memory
goes on for as long as that saves more waiting than it costs, and then the next one gets its turn. Nothing here acts:
the caller starts what is returned, and asks again whenever something has changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum

from dispatcher.core.placement import place
from dispatcher.core.replica import STARTING, ReplicaId, ReplicaState, Resident
from dispatcher.core.task import ModelId
from dispatcher.core.waiting import Waiter

_UTILISATION_MAX = 0.95
_HOLD_S = 2.0  # a replica idle for less is likely to be asked again in a moment, as by a loop over items
_HOLD_SHARE = 0.2  # but not held for longer than this share of the loads it saves
_AGAIN_S = 1.0  # until the next look, at the latest
_LOAD_DOUBT = 0.3  # a load may take longer by this share
_PATIENCE = 2.0  # nor any more once the others have waited for this many times the loads, all together
_PROPORTION = 4.0  # a queue is left before its end when that saves this many times the waiting it causes


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
        return fsum(waiter.weight(now_s) for waiter in self.waiters)

    @property
    def work_s(self) -> float:
        """Seconds until the queue is empty, if nobody else came."""
        return _work_s(self.waiters, self.slots)

    def drain_s(self, now_s: float) -> float:
        """Seconds until the queue is empty while it refills as it has done lately.

        A burst that is over doesn't go on: nobody comes more often than since the youngest of them came.
        """
        if not self.waiters:
            return 0.0
        youngest_s = min(waiter.age_s(now_s) for waiter in self.waiters)
        per_s = min(self.arrivals_per_s, 1.0 / youngest_s) if youngest_s > 0.0 else self.arrivals_per_s
        utilisation = min(per_s * self.work_s / len(self.waiters), _UTILISATION_MAX)
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
    yielding = sorted((_yielding(one, sides) for one in residents), key=lambda one: one.replica_id)
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


def _yielding(resident: Resident, sides: Mapping[ModelId, Side]) -> Resident:
    """A resident as it would give way: after what it works on. One that is coming up for someone stays until it is up.

    A load once begun is seen through, for else two models could push each other out for ever, within one moment.
    """
    is_expected = resident.model_id in sides and bool(sides[resident.model_id].waiters)
    is_coming = resident.state in STARTING and is_expected
    return replace(resident, drain_s=resident.in_flight_s, is_pinned=resident.is_pinned or is_coming)


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

    - When a deadline presses, the two orders are played through, and the one with more weight in time wins: the queue
      in memory first, or `wanted` first, either all of it or only those who can't wait for another answer, which is a
      detour that pays for two loads more. This bounds every wait by its deadline, and keeps two late queues from
      pushing each other out for nothing.
    - Else a queue in memory is served to its end, new arrivals included, as long as it isn't out of all proportion.
    - A model that has nothing to do just now, as between two items of a loop, stays for a moment; and for longer, until
      the others have waited for as much as the loads cost.

    Source: exhaustive service wastes least time on setups (Liu, Nain and Towsley 1992); leaving a queue early by the
        exchange argument of weighted shortest processing time (Smith 1956), with setup times; and waiting until that
        has cost what a setup costs, as in renting skis.
    """
    if not wanted.waiters:
        return False
    stays = _staying(wanted, incumbents, now_s)
    pressing = _pressing(wanted, incumbents, now_s)
    if pressing and any(_switching(wanted, some, incumbents, now_s) > stays for some in (pressing, wanted.waiters)):
        return True
    if _switching(wanted, wanted.waiters, incumbents, now_s) < stays:
        return False
    return all(_gives_way(one, wanted, now_s) for one in incumbents)


def turn_within_s(newcomer: Waiter, side: Side, incumbents: Sequence[Incumbent], now_s: float) -> float | None:
    """Seconds until `side` is loaded for someone who comes now, at the latest, for then the deadline presses.

    None when those in memory don't give way for that, as more of them would be late; and when nobody has to.
    """
    wanted = replace(side, waiters=(*side.waiters, newcomer))
    ahead = [waiter for waiter in side.waiters if _by_deadline(waiter) < _by_deadline(newcomer)]
    if _switching(wanted, (*ahead, newcomer), incumbents, now_s) <= _staying(wanted, incumbents, now_s):
        return None
    presses_s = newcomer.latest_start_s - _margin_s(wanted, incumbents) - wanted.load_s - now_s
    return max(presses_s, _busy_s(incumbents) + _work_s(ahead, wanted.slots))


def _pressing(wanted: Side, incumbents: Sequence[Incumbent], now_s: float) -> tuple[Waiter, ...]:
    """The first of `wanted`, down to the last who is in time if the switch is now, and hardly after another answer."""
    margin_s = _margin_s(wanted, incumbents)
    ordered = sorted(wanted.waiters, key=_by_deadline)
    start_s = now_s + _busy_s(incumbents) + wanted.load_s
    count = 0
    for number, waiter in enumerate(ordered, 1):
        if not waiter.is_hopeless(start_s) and start_s + margin_s > waiter.latest_start_s:
            count = number
        start_s += waiter.run_s / wanted.slots
    return tuple(ordered[:count])


def _staying(wanted: Side, incumbents: Sequence[Incumbent], now_s: float) -> float:
    """Weight of all that are in time if the queues in memory are served first."""
    kept = sum(_in_time(one.side, one.side.waiters, now_s + one.busy_s, now_s) for one in incumbents)
    drained_s = max((one.busy_s + one.side.work_s for one in incumbents), default=0.0)
    return kept + _in_time(wanted, wanted.waiters, now_s + drained_s + wanted.load_s, now_s)


def _switching(wanted: Side, some: Sequence[Waiter], incumbents: Sequence[Incumbent], now_s: float) -> float:
    """The same if these of `wanted` are served first, then those that are in memory now, then the rest of `wanted`."""
    start_s = now_s + _busy_s(incumbents) + wanted.load_s
    back_s = start_s + _work_s(some, wanted.slots)
    kept = sum(_in_time(one.side, one.side.waiters, back_s + one.side.load_s, now_s) for one in incumbents)
    again_s = back_s + sum(one.side.load_s + one.side.work_s for one in incumbents) + wanted.load_s
    served = {waiter.ticket for waiter in some}
    rest = [waiter for waiter in wanted.waiters if waiter.ticket not in served]
    return kept + _in_time(wanted, some, start_s, now_s) + _in_time(wanted, rest, again_s, now_s)


def _in_time(side: Side, waiters: Sequence[Waiter], from_s: float, now_s: float) -> float:
    """Weight of those who are in time when they are served from then on, the earliest deadline first."""
    weight = 0.0
    for waiter in sorted(waiters, key=_by_deadline):
        if not waiter.is_hopeless(from_s):
            weight += waiter.weight(now_s)
        from_s += max(0.0, min(waiter.run_s, waiter.deadline_s - from_s)) / side.slots  # it is cut off then
    return weight


def _gives_way(incumbent: Incumbent, wanted: Side, now_s: float) -> bool:
    side = incumbent.side
    loads_s = wanted.load_s + side.load_s
    waited_s = fsum(min(waiter.age_s(now_s), incumbent.up_s) for waiter in wanted.waiters)
    if not side.waiters:
        is_asked_again = side.arrivals_per_s > 0.0 and incumbent.idle_s < min(_HOLD_S, _HOLD_SHARE * loads_s)
        return waited_s >= _PATIENCE * loads_s or not (is_asked_again or incumbent.busy_s > 0.0)
    saved = wanted.weight(now_s) * side.drain_s(now_s)
    cost = side.weight(now_s) * (wanted.load_s + wanted.work_s + side.load_s)
    return incumbent.up_s >= loads_s and saved > _PROPORTION * cost


def _busy_s(incumbents: Sequence[Incumbent]) -> float:
    return max((one.busy_s for one in incumbents), default=0.0)


def _one_more_s(incumbent: Incumbent) -> float:
    return max((waiter.run_s for waiter in incumbent.side.waiters), default=0.0)


def _margin_s(wanted: Side, incumbents: Sequence[Incumbent]) -> float:
    """How long before the last moment a switch must be: another answer may be under way then, the load be slow."""
    return max((_one_more_s(one) for one in incumbents), default=0.0) + _AGAIN_S + wanted.load_s * _LOAD_DOUBT


def _work_s(waiters: Sequence[Waiter], slots: int) -> float:
    return fsum(waiter.run_s for waiter in waiters) / slots  # exact, whatever the order


def _by_deadline(waiter: Waiter) -> tuple[float, int]:
    return waiter.deadline_s, waiter.ticket
