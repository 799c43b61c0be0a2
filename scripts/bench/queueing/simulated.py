"""Every workload under every policy in the simulator, as medians over seeds."""

import os
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from statistics import median

from dispatcher.core.simulation.collated import Collated
from dispatcher.core.simulation.fifo import Fifo
from dispatcher.core.simulation.ours import Ours
from dispatcher.core.simulation.result import Result
from dispatcher.core.simulation.run import simulate
from dispatcher.core.simulation.workload import Workload
from dispatcher.core.task import ModelId
from scripts.bench.queueing.workloads import WORKLOADS


@dataclass(frozen=True, slots=True)
class Compared:
    """One workload; each field of `results` has one result per seed."""

    name: str
    what: str
    ours: tuple[Result, ...]
    fifo: tuple[Result, ...]
    collated: tuple[Result, ...]
    same: tuple[Result, ...]


def compare(seeds: int) -> list[Compared]:
    """Simulate all of it, on all cores."""
    jobs = [(number, seed) for number in range(len(WORKLOADS)) for seed in range(seeds)]
    with ProcessPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
        found = dict(zip(jobs, pool.map(_simulated, jobs, chunksize=1), strict=True))
    compared = []
    for number, make in enumerate(WORKLOADS):
        ours, fifo, collated, same = zip(*(found[number, seed] for seed in range(seeds)), strict=True)
        compared.append(Compared(make.__name__, (make.__doc__ or "").strip(), ours, fifo, collated, same))
    return compared


def _simulated(job: tuple[int, int]) -> tuple[Result, ...]:
    number, seed = job
    workload = WORKLOADS[number](random.Random(seed))  # noqa: S311 - these numbers keep no secret
    policies = (Ours(), Fifo(), Collated(), Fifo(always=_most_asked(workload)))
    return tuple(simulate(workload, policy) for policy in policies)


def _most_asked(workload: Workload) -> ModelId:
    """The one that a person would leave in memory for good: asked for most, the larger of two."""
    asked = [call.model for call in workload.calls]
    return max(workload.models, key=lambda one: (asked.count(one.spec.id), one.spec.parameters_b)).spec.id


def ratio(of: Sequence[Result], to: Sequence[Result], number: Callable[[Result], float]) -> float:
    """The median over seeds of ours ÷ theirs; 1 where both have none."""
    pairs = [(number(one), number(other)) for one, other in zip(of, to, strict=True)]
    return median(1.0 if mine == theirs else mine / theirs if theirs else float("inf") for mine, theirs in pairs)
