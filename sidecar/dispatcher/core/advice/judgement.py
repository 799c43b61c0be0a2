"""Whether a rule that was applied has done harm: the same numbers, before and after."""

from dataclasses import dataclass

from dispatcher.core.advice.books import Numbers

DISPATCHES_MIN = 10
DISPATCHES_ENOUGH = 100
AFTER_S = 86_400.0

_SUCCESS_LOST = 0.03
_QUALITY_LOST = 0.05
_SLOWER = 1.25
_SLOWER_S = 0.5
_LOAD_S = 2.0  # more of it per dispatch is felt


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the rule stays, and why."""

    is_kept: bool
    why: str


def is_due(applied_for_s: float, dispatches: int) -> bool:
    """Whether enough has been seen since it was applied: a day of some use, or much use."""
    return dispatches >= DISPATCHES_ENOUGH or (applied_for_s >= AFTER_S and dispatches >= DISPATCHES_MIN)


def judge(before: Numbers, after: Numbers) -> Judgement:
    """Keep it unless something got worse by more than chance and noise allow."""
    for harm in (_lost(before, after), _slower(before, after), _loads(before, after)):
        if harm is not None:
            return Judgement(False, f"rolled back: {harm}")
    return Judgement(True, f"kept: no worse on {after.dispatches} dispatches")


def _lost(before: Numbers, after: Numbers) -> str | None:
    if before.success is not None and after.success is not None and after.success < before.success - _SUCCESS_LOST:
        return f"usable answers went from {before.success:.0%} to {after.success:.0%}"
    if before.quality is not None and after.quality is not None and after.quality < before.quality - _QUALITY_LOST:
        return f"quality went from {before.quality:.2f} to {after.quality:.2f}"
    return None


def _slower(before: Numbers, after: Numbers) -> str | None:
    if before.p90_s is None or after.p90_s is None:
        return None
    if after.p90_s > before.p90_s * _SLOWER and after.p90_s > before.p90_s + _SLOWER_S:
        return f"nine in ten took up to {after.p90_s:.1f} s instead of {before.p90_s:.1f} s"
    return None


def _loads(before: Numbers, after: Numbers) -> str | None:
    was_s = before.load_s / before.dispatches if before.dispatches else 0.0
    is_s = after.load_s / after.dispatches if after.dispatches else 0.0
    if is_s > was_s * 2 and is_s > was_s + _LOAD_S:
        return f"callers waited {is_s:.1f} s for loads each instead of {was_s:.1f} s"
    return None
