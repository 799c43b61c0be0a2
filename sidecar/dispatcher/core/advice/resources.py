"""optimize_resources: what each model's measured use says of its memory, context, idle time, slots and pin."""

import math
from collections.abc import Callable, Iterator

from dispatcher.core.advice.books import nearest_rank
from dispatcher.core.advice.idle_time import idle_time
from dispatcher.core.advice.rule import ChangeKind, Suggestion
from dispatcher.core.advice.use import USES_MIN, Use
from dispatcher.core.model import HostKind

_DAY_S = 86_400.0
_CONTEXT_STEP = 256
_CONTEXT_MIN = 1024
_ROOM = 1.25  # above the most that was ever used
_MEMORY_ROOM = 1.15
_MEMORY_MIN_SAVED = 0.15
_SLOTS_MAX = 8
_PIN_USES_A_DAY = 20.0
_PIN_LOAD_S_A_DAY = 60.0


def optimize_resources(use: Use) -> tuple[Suggestion, ...]:
    """What would save memory, or spare loads, without harm; nothing for a model that someone else runs."""
    if use.spec.host is HostKind.REMOTE:
        return ()
    rules: tuple[Callable[[Use], Iterator[Suggestion]], ...] = (idle_time, _context, _memory, _slots, _pin)
    return tuple(suggestion for rule in rules for suggestion in rule(use))


def _context(use: Use) -> Iterator[Suggestion]:
    """A smaller context, when nothing ever came near the present one."""
    used = [(one.prompt_tokens, one.completion_tokens or 0) for one in use.turns if one.prompt_tokens is not None]
    if len(used) < USES_MIN or not use.spec.footprint.kv_mib_per_1k_tokens:
        return
    most = max(read + written for read, written in used)
    asked = max((one.max_tokens or 0 for one in use.turns), default=0)
    needed = max(most * _ROOM, max(read for read, _ in used) * _ROOM + asked)
    after = max(_CONTEXT_MIN, math.ceil(needed / _CONTEXT_STEP) * _CONTEXT_STEP)
    before = use.spec.context_tokens
    if after > before / 2:
        return
    saved_mib = use.spec.footprint.kv_mib_per_1k_tokens * (before - after) / 1000 * use.spec.slots
    why = f"the longest of {len(used)} took {most} tokens of {before}: {saved_mib:.0f} MiB lie idle in each replica"
    yield use.suggest(ChangeKind.CONTEXT_TOKENS, before, after, why, use.a_day(use.ready_s * saved_mib / 1024))


def _memory(use: Use) -> Iterator[Suggestion]:
    """A smaller reservation, when no replica ever took as much."""
    before = use.spec.footprint_mib
    if use.peak_mib is None or len(use.turns) < USES_MIN:
        return
    after = math.ceil(use.peak_mib * _MEMORY_ROOM)
    if after > before * (1 - _MEMORY_MIN_SAVED):
        return
    why = f"its replicas took {use.peak_mib} MiB at most, and {before} are reserved"
    yield use.suggest(ChangeKind.MEMORY_MIB, before, after, why, use.a_day(use.ready_s * (before - after) / 1024))


def _slots(use: Use) -> Iterator[Suggestion]:
    """One more answer at a time, when callers wait for their turn longer than for their answer."""
    run_s = nearest_rank(sorted(one.run_s for one in use.turns if one.run_s is not None), 0.5)
    queue_s = nearest_rank(sorted(one.queue_s for one in use.turns), 0.9)
    if run_s is None or queue_s is None or len(use.turns) < USES_MIN:
        return
    if use.spec.slots >= _SLOTS_MAX or use.spec.is_pinned:
        return
    extra_mib = use.spec.footprint.kv_mib_per_1k_tokens * use.spec.context_tokens / 1000
    if queue_s <= run_s or use.spec.footprint_mib + extra_mib > use.budget_mib / 2:
        return
    why = f"one in ten waits {queue_s:.1f} s for a turn, an answer takes {run_s:.1f} s"
    cost = use.a_day(use.ready_s * extra_mib / 1024)
    yield use.suggest(ChangeKind.SLOTS, use.spec.slots, use.spec.slots + 1, why, -cost)


def _pin(use: Use) -> Iterator[Suggestion]:
    """A pin for what is used all day and loaded again and again; none for what nobody uses."""
    kept = use.a_day(use.ready_s * use.gib)
    if use.spec.is_pinned:
        if not use.turns and use.days >= 1:
            yield use.suggest(ChangeKind.IS_PINNED, 1, 0, f"nobody used it in {use.days:.0f} days", kept)
        return
    uses = use.a_day(len(use.turns))
    load_s = use.a_day(sum(one.load_s for one in use.turns))
    is_wanted = len(use.turns) >= USES_MIN and uses >= _PIN_USES_A_DAY and load_s >= _PIN_LOAD_S_A_DAY
    if is_wanted and use.gib * 1024 <= use.budget_mib / 2:
        why = f"{uses:.0f} uses a day, whose callers waited {load_s:.0f} s for loads"
        yield use.suggest(ChangeKind.IS_PINNED, 0, 1, why, -max(0.0, use.gib * _DAY_S - kept))
