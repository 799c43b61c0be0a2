"""For how long a model is best kept without a use: memory against loads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dispatcher.core.advice.books import Turn
from dispatcher.core.advice.rule import ChangeKind, Suggestion
from dispatcher.core.advice.use import SAVED_MIN, USES_MIN, Use

_IDLE_STEPS_S = (30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0)
_GB_S_PER_LOAD_S = 400.0  # memory that a second of waiting for a load is worth: 2 GiB for three minutes and a bit


def idle_time(use: Use) -> Iterator[Suggestion]:
    """Another idle time, when the memory it frees or the loads it spares are worth more than what it costs."""
    gaps = _gaps_s(use.turns)
    if use.spec.is_pinned or len(gaps) < USES_MIN:
        return
    now, best = (_cost(use, gaps, limit_s) for limit_s in (use.idle_stop_s, _best_limit_s(use, gaps)))
    if now.price - best.price < SAVED_MIN * now.price or best.limit_s == use.idle_stop_s:
        return
    why = f"of {len(gaps)} uses {best.loads} come after {best.limit_s:.0f} s, {now.loads} after {now.limit_s:.0f} s"
    saved = use.a_day((now.kept_s - best.kept_s) * use.gib)
    yield use.suggest(ChangeKind.IDLE_STOP_S, use.spec.idle_stop_s or 0.0, best.limit_s, why, saved)


@dataclass(frozen=True, slots=True)
class _Cost:
    """What an idle time would have cost: loads, seconds in memory for nothing, and both together in GB·s."""

    limit_s: float
    loads: int
    kept_s: float
    price: float


def _cost(use: Use, gaps_s: Sequence[float], limit_s: float) -> _Cost:
    loads = sum(gap > limit_s for gap in gaps_s)
    kept_s = sum(min(gap, limit_s) for gap in gaps_s)
    return _Cost(limit_s, loads, kept_s, kept_s * use.gib + loads * use.spec.load_s * _GB_S_PER_LOAD_S)


def _best_limit_s(use: Use, gaps_s: Sequence[float]) -> float:
    return min(_IDLE_STEPS_S, key=lambda limit_s: (_cost(use, gaps_s, limit_s).price, limit_s))


def _gaps_s(turns: Sequence[Turn]) -> list[float]:
    """Seconds in which nobody used it, between two uses."""
    gaps: list[float] = []
    free_at: float | None = None
    for turn in sorted(turns, key=lambda one: one.started_at):
        if free_at is not None:
            gaps.append(max(0.0, turn.started_at - free_at))
        free_at = max(free_at or 0.0, turn.started_at + turn.total_s)
    return gaps
