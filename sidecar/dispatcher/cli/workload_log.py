"""A workload from a sidecar's own log: the calls that came, the models there are, and the memory lent to them."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dispatcher.api.times import since as moment_of
from dispatcher.cli.faults import BadUsage
from dispatcher.core.eligibility import Candidate
from dispatcher.core.model import ModelSpec, WeightsState
from dispatcher.core.simulation.workload import Call, Workload
from dispatcher.core.task import ModelId
from dispatcher.core.threads import threads_for
from dispatcher.errors import InvalidRequest
from dispatcher.machine import lent_cores, lent_memory_mib
from dispatcher.settings import load_settings
from dispatcher.store.lifecycle import measured_peaks
from dispatcher.store.models import all_models
from dispatcher.store.replay import Log, LoggedCall, logged_calls, read_log

_CHARS_PER_TOKEN = 4
_LUCK_MIN = 0.01
_LOOP_GAP_S = 5.0  # an item that comes so soon after the answer to the one before was sent because of it


def workload_of_log(path: Path, since: str) -> Workload:
    """Make a workload of what was dispatched since then.

    Raises: BadUsage, StoreError, SettingsError.
    """
    settings = load_settings()
    try:
        after = moment_of(since, time.time())
    except InvalidRequest as error:
        raise BadUsage(f"--since: {error.message}") from error
    logged, specs, peaks = asyncio.run(read_log(path, lambda log: _all_of(log, after)))
    if not logged:
        raise BadUsage(f"{path} has no dispatches since {since}; say more with --since")
    threads = threads_for(lent_cores(settings.cores))
    models = [candidate_of(spec, threads, peaks.get(spec.id, 0)) for spec in specs if spec.is_enabled]
    calls = calls_of(logged, models, settings.max_tokens_default)
    return Workload(tuple(models), calls, lent_memory_mib(settings.memory_mib))


async def _all_of(log: Log, after: float) -> tuple[tuple[LoggedCall, ...], tuple[ModelSpec, ...], dict[ModelId, int]]:
    return await logged_calls(log, after), await all_models(log), dict(await measured_peaks(log))


def candidate_of(spec: ModelSpec, threads: int, peak_mib: int = 0) -> Candidate:
    """A model as it would be offered, its weights being here."""
    return Candidate(spec, WeightsState.PRESENT, threads, max(spec.footprint_mib, peak_mib))


def calls_of(logged: Sequence[LoggedCall], models: Sequence[Candidate], max_tokens: int) -> tuple[Call, ...]:
    """The calls as they came, each as quick or slow, against its forecast, as it was then.

    Items of one run of a node that were sent one after the other's answer are sent so again.
    """
    by_id = {one.spec.id: one for one in models}
    calls: list[Call] = []
    before: dict[str, tuple[int, float]] = {}  # loop → its last call, and when that ended
    for number, one in enumerate(logged):
        begun_s = one.started_at - logged[0].started_at
        last = before.get(one.loop or "")
        follows = last[0] if last is not None and 0.0 <= begun_s - last[1] <= _LOOP_GAP_S else None
        call = Call(
            number=number,
            arrives_s=begun_s - last[1] if follows is not None and last is not None else begun_s,
            timeout_s=one.timeout_s,
            prompt_tokens=one.prompt_tokens or one.prompt_chars // _CHARS_PER_TOKEN + 1,
            max_tokens=max_tokens,
            task_type=one.task_type,
            complexity=one.complexity,
            objective=one.objective,
            model=one.model_id if one.is_pinned and one.model_id in by_id else None,
            workflow=one.workflow_id or "",
            follows=follows,
        )
        calls.append(_with_luck(call, one, by_id.get(one.model_id) if one.model_id else None))
        if one.loop is not None:
            before[one.loop] = number, begun_s + one.total_s
    return tuple(calls)


def _with_luck(call: Call, logged: LoggedCall, answered_by: Candidate | None) -> Call:
    if logged.run_s is None or answered_by is None:
        return call
    return replace(call, luck=max(_LUCK_MIN, logged.run_s / call.forecast_s(answered_by)))
