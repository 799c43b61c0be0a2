"""What waits: dispatches that have a model and no slot yet, and which of them goes first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dispatcher.core.task import ModelId

_CLASS = 10  # priorities this near to each other are one class
_AGING_S = 60.0  # waiting for this long lifts a dispatch by one class, so that nobody waits for ever
_RUN_DOUBT = 1.5  # an answer may take this many times what is expected
_PATIENCE = 0.1  # of its run: who has waited for longer is being kept waiting
_LEAD = 1.0  # of its run: a share that has had so much more than the others is ahead of them


@dataclass(frozen=True, slots=True)
class Waiter:
    """One dispatch that waits. Times in seconds on the monotonic clock.

    Args:
        ticket: its number; smaller came first.
        share: whose it is, such as a workflow: slots are shared out fairly between these.
        priority: -100..100; larger goes first.
        run_s: expected time from its slot to its answer.
        is_alone: must have a replica for itself, as when one crashed under it and others.
    """

    ticket: int
    model_id: ModelId
    share: str
    priority: int
    arrived_s: float
    deadline_s: float
    run_s: float
    is_alone: bool = False

    def age_s(self, now_s: float) -> float:
        """How long it has waited."""
        return max(0.0, now_s - self.arrived_s)

    def weight(self, now_s: float) -> float:
        """What a second of its waiting counts: 1 for one that has just come, more with age and priority."""
        return float(1.1**self.priority) * (1.0 + self.age_s(now_s) / _AGING_S)

    @property
    def latest_start_s(self) -> float:
        """When it must have a slot to be done in time, most probably."""
        return self.deadline_s - self.run_s * _RUN_DOUBT

    def is_hopeless(self, start_s: float) -> bool:
        """Whether it will hardly be in time when it gets a slot at `start_s`."""
        return start_s + self.run_s > self.deadline_s


def first(waiters: Iterable[Waiter], served_s: Mapping[str, float], now_s: float) -> Waiter | None:
    """The one of a model's waiters that gets its next slot; None when nobody waits.

    By priority class, which rises with age. In a class first those that must start within one run to be in time, by
    deadline; then those of the share that was served least, again by deadline; last those that can't be in time any
    more, for their slots would be wasted. A share that has had clearly more than the others that wait can't go first
    with what is urgent while it keeps one of them waiting: else whoever floods a model is late with everything, and so
    always urgent.

    Args:
        served_s: seconds of work each share has had lately; none if it isn't there.
    Source: earliest deadline first (Liu and Layland 1973) within least attained service between shares, to which
        deficit round robin (Shreedhar and Varghese 1995) comes down when every answer has its own length.
    """
    waiting = tuple(waiters)
    shares = {waiter.share for waiter in waiting}
    fair_s = sum(served_s.get(share, 0.0) for share in shares) / max(1, len(shares))
    is_kept_waiting = len(shares) > 1 and any(
        served_s.get(waiter.share, 0.0) <= fair_s and waiter.age_s(now_s) >= _PATIENCE * waiter.run_s
        for waiter in waiting
    )

    def rank(waiter: Waiter) -> tuple[int, bool, bool, float, float, int]:
        had_s = served_s.get(waiter.share, 0.0)
        may_press = not is_kept_waiting or had_s <= fair_s + _LEAD * waiter.run_s
        is_urgent = may_press and waiter.latest_start_s - now_s <= waiter.run_s
        return (
            -_class(waiter, now_s),
            waiter.is_hopeless(now_s),
            not is_urgent,
            0.0 if is_urgent else had_s,
            waiter.deadline_s,
            waiter.ticket,
        )

    return min(waiting, key=rank, default=None)


@dataclass(frozen=True, slots=True)
class Ahead:
    """Those who get a slot before whoever asks: about how many, and their expected seconds of work."""

    count: float = 0.0
    work_s: float = 0.0


def ahead_of(
    newcomer: Waiter, waiters: Iterable[Waiter], served_s: Mapping[str, float], now_s: float, servers: int = 1
) -> Ahead:
    """Say who goes before a newcomer, as far as that can be told now.

    Of its own share and class those with earlier deadlines, and those who would miss theirs if it went before them:
    else in an overload each newcomer pushes out others, and all are late. Of other shares in its class as much work
    as of its own, and what they are behind; that its own may be behind is no credit, for they may have been promised
    their turns already. Of higher classes everyone.

    Args:
        servers: how many answers are given at a time.
    Source: the demand test of earliest deadline first (Baruah, Rosier and Howell 1990).
    """
    own = _class(newcomer, now_s)
    mine: list[Waiter] = []
    others: dict[str, list[float]] = {}
    count, work_s = 0.0, 0.0
    for waiter in waiters:
        its = _class(waiter, now_s)
        if its > own:
            count, work_s = count + 1, work_s + waiter.run_s
        elif its == own and waiter.share == newcomer.share:
            mine.append(waiter)
        elif its == own:
            others.setdefault(waiter.share, []).append(waiter.run_s)
    before = _before(newcomer, mine, now_s, servers / (1 + len(others)))
    had_s = served_s.get(newcomer.share, 0.0)
    for share, runs_s in others.items():
        all_s = sum(runs_s)
        before_s = min(all_s, before.work_s + max(0.0, had_s - served_s.get(share, 0.0)))
        count, work_s = count + len(runs_s) * before_s / all_s, work_s + before_s
    return Ahead(count + before.count, work_s + before.work_s)


def _before(newcomer: Waiter, mine: list[Waiter], now_s: float, servers: float) -> Ahead:
    """Those of its share and class behind whom it has to stand, when so many answers at a time are theirs."""
    mine.sort(key=lambda waiter: (waiter.deadline_s, waiter.ticket))
    before, work_s = Ahead(), 0.0
    for index, waiter in enumerate(mine):
        work_s += waiter.run_s
        done_s = now_s + work_s / servers
        would_miss = done_s <= waiter.deadline_s < done_s + waiter.run_s / servers
        if would_miss or (waiter.deadline_s, waiter.ticket) < (newcomer.deadline_s, newcomer.ticket):
            before = Ahead(index + 1, work_s)
    return before


def _class(waiter: Waiter, now_s: float) -> int:
    age_s = now_s - waiter.arrived_s  # not by `age_s`: this is asked for everyone who waits at every choice
    return int((waiter.priority + (age_s / _AGING_S * _CLASS if age_s > 0.0 else 0.0)) // _CLASS)
