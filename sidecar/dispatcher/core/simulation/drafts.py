"""Workloads drawn by chance: how their calls come, and how long these really take."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dispatcher.core.eligibility import Candidate
from dispatcher.core.model import Footprint, HostKind, ModelSpec, RuntimeKind, Speed, WeightsState
from dispatcher.core.priors import quality_of
from dispatcher.core.simulation.workload import Call, Workload
from dispatcher.core.task import Capability, Complexity, ModelId, TaskType

NOISE = 0.3  # standard deviation of log(true ÷ expected time)
_CONTEXT_TOKENS = 32_768
_THREADS = 1  # speeds are given as they are measured, whatever the number of threads


class Chance(Protocol):
    """What is drawn from: a `random.Random`, with a seed that its owner knows. Core itself has no chance of its own."""

    def gauss(self, mu: float, sigma: float) -> float:
        """One draw of a normal distribution."""

    def expovariate(self, lambd: float) -> float:
        """One draw of an exponential distribution."""

    def uniform(self, a: float, b: float) -> float:
        """One draw between two numbers."""

    def randint(self, a: int, b: int) -> int:
        """One of the whole numbers from `a` to `b`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Calls that are alike: whose, for which model (None: open), of how many tokens (least, most), how urgent."""

    workflow: str
    model: str | None
    prompt_tokens: tuple[int, int]
    max_tokens: tuple[int, int]
    timeout_s: float
    priority: int = 0
    task_types: Sequence[TaskType] = (TaskType.TEXT_GENERATION,)
    complexity: Complexity = Complexity.MEDIUM


@dataclass(slots=True)
class Draft:
    """Collects the calls of a workload. `noise` is the standard deviation of log(true ÷ expected time)."""

    rng: Chance
    noise: float = NOISE
    calls: list[Call] = field(default_factory=list)

    def call(self, kind: Kind, arrives_s: float, follows: int | None = None) -> int:
        """One call; its number."""
        number = len(self.calls)
        self.calls.append(
            Call(
                number=number,
                arrives_s=arrives_s,
                timeout_s=kind.timeout_s,
                prompt_tokens=self.rng.randint(*kind.prompt_tokens),
                max_tokens=self.rng.randint(*kind.max_tokens),
                task_type=kind.task_types[self.rng.randint(0, len(kind.task_types) - 1)],
                complexity=kind.complexity,
                model=None if kind.model is None else ModelId(kind.model),
                workflow=kind.workflow,
                priority=kind.priority,
                follows=follows,
                luck=math.exp(self.rng.gauss(0.0, self.noise)),
            )
        )
        return number

    def burst(self, kind: Kind, items: int, from_s: float, apart_s: float = 0.04) -> None:
        """All items of a run, sent one right after the other."""
        for item in range(items):
            self.call(kind, from_s + item * apart_s)

    def loop(self, kind: Kind, items: int, from_s: float, think_s: float = 0.3) -> None:
        """A loop over items: each is sent a moment after the one before was answered."""
        last = self.call(kind, from_s)
        for _ in range(items - 1):
            last = self.call(kind, self.rng.expovariate(1 / think_s), follows=last)

    def stream(self, kind: Kind, per_s: float, from_s: float, until_s: float) -> None:
        """Callers who know nothing of each other."""
        at_s = from_s + self.rng.expovariate(per_s)
        while at_s < until_s:
            self.call(kind, at_s)
            at_s += self.rng.expovariate(per_s)

    def workload(self, models: Sequence[Candidate], budget_mib: int) -> Workload:
        """What has been collected."""
        return Workload(tuple(models), tuple(self.calls), budget_mib)


def model(
    name: str,
    parameters_b: float,
    footprint_mib: int,
    load_s: float,
    speed: tuple[float, float],
    slots: int = 1,
    *,
    is_pinned: bool = False,
) -> Candidate:
    """A model with these measured numbers; `speed` in tokens per second, reading and writing.

    How good its answers are is taken from its size, in billions of parameters.
    """
    spec = ModelSpec(
        id=ModelId(name),
        name=name,
        family="plain",
        parameters_b=parameters_b,
        licence="",
        runtime=RuntimeKind.OPENAI,
        host=HostKind.PROCESS,
        context_tokens=_CONTEXT_TOKENS,
        slots=slots,
        capabilities=frozenset({Capability.JSON}),
        quality=quality_of(parameters_b),
        speed=Speed(*speed),
        load_s=load_s,
        footprint=Footprint(footprint_mib, 0, 0.0),
        is_pinned=is_pinned,
    )
    return Candidate(spec, WeightsState.PRESENT, _THREADS, footprint_mib)
