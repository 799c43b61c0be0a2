"""What came of a simulation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.core.simulation.machine import Machine
from dispatcher.core.simulation.row import Row
from dispatcher.core.simulation.visit import End, Visit
from dispatcher.core.task import ModelId


@dataclass(frozen=True, slots=True)
class Span:
    """A model was in memory. `ready_s` is when it had loaded, None when it never had."""

    model_id: ModelId
    from_s: float
    ready_s: float | None
    until_s: float


@dataclass(frozen=True, slots=True)
class Result:
    """How a policy did. Times in seconds.

    A call without an answer counts in the completion times (`p50_s` … `mean_s`) with all the time its caller would have
    given it, refused or not: being quick to fail is no merit there.

    Args:
        refused: turned away at once.
        starved: admitted, and without a slot until the deadline. The bound on waiting is this: none is.
        longest_wait_s: of those admitted, until a slot, or until the deadline.
        wait_share_max: the same as a share of the call's timeout; 1 when one starved.
        loads: models brought into memory; `swaps` are those that pushed another out.
        gb_s: memory held × time, from the first byte loaded until the last call's end.
        quality: expected quality of the answers, 0..1, in the mean over all calls; no answer counts 0.
        lasted_s: until the last call's end.
    """

    policy: str
    calls: int
    answered: int
    refused: int
    starved: int
    p50_s: float
    p90_s: float
    p99_s: float
    mean_s: float
    longest_wait_s: float
    wait_share_max: float
    loads: int
    swaps: int
    gb_s: float
    quality: float
    lasted_s: float
    spans: tuple[Span, ...]

    @property
    def deadline_hits(self) -> float:
        """Share of all calls that were answered in time."""
        return self.answered / self.calls if self.calls else 1.0

    @property
    def work_per_gb_s(self) -> float:
        """Answers in time for each GB of memory held for a second."""
        return self.answered / self.gb_s if self.gb_s else 0.0


def result_of(policy: str, machine: Machine) -> Result:
    """Sum up a machine whose calls have all ended."""
    visits = machine.visits
    times = sorted(visit.took_s for visit in visits)
    admitted = [visit for visit in visits if visit.end is not End.REFUSED]
    spans = tuple(span for row in machine.history if (span := _span(row, machine.now_s)) is not None)
    sizes_mib = {model_id: one.footprint_mib for model_id, one in machine.workload.candidates.items()}
    return Result(
        policy=policy,
        calls=len(visits),
        answered=sum(visit.end is End.ANSWERED for visit in visits),
        refused=sum(visit.end is End.REFUSED for visit in visits),
        starved=sum(visit.began_s is None for visit in admitted),
        p50_s=_percentile(times, 50),
        p90_s=_percentile(times, 90),
        p99_s=_percentile(times, 99),
        mean_s=sum(times) / len(times) if times else 0.0,
        longest_wait_s=max((visit.waited_s for visit in admitted), default=0.0),
        wait_share_max=max((visit.waited_s / visit.call.timeout_s for visit in admitted), default=0.0),
        loads=len(spans),
        swaps=sum(row.evicted > 0 for row in machine.history),
        gb_s=sum((span.until_s - span.from_s) * sizes_mib[span.model_id] / 1024 for span in spans),
        quality=sum(map(_quality, visits)) / len(visits) if visits else 0.0,
        lasted_s=machine.now_s,
        spans=spans,
    )


def _span(row: Row, end_s: float) -> Span | None:
    if row.admitted_s is None:
        return None
    return Span(row.model_id, row.admitted_s, row.ready_s, end_s if row.stopped_s is None else row.stopped_s)


def _quality(visit: Visit) -> float:
    if visit.end is not End.ANSWERED or visit.candidate is None:
        return 0.0
    return visit.candidate.spec.quality.of(visit.call.task_type, visit.call.complexity)


def _percentile(times: Sequence[float], percent: int) -> float:
    """The smallest time that at least this share stays within."""
    return times[math.ceil(len(times) * percent / 100) - 1] if times else 0.0
