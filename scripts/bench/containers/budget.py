"""Whether a random workload is kept within the memory budget."""

import asyncio
import itertools
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.bench.containers.bench import Bench
from scripts.bench.containers.found import Found
from scripts.bench.containers.owner import Owner
from scripts.bench.containers.sampler import Sample, Sampler
from scripts.bench.table import Row

_SEED = 7
_WORKLOAD_S, _CLIENTS, _MODELS, _ROOM = 30.0, 6, 4, 2
_NAMES = tuple(f"crowd{number}" for number in range(_MODELS))


@dataclass(frozen=True, slots=True)
class Workload:
    """What was seen of it: the containers of each moment, and which dispatches were answered."""

    samples: Sequence[Sample]
    answers: Sequence[bool]
    took_s: float


async def measure(bench: Bench) -> Found:
    """A random workload over 4 models with room for 2."""
    footprint_mib = await _footprint_mib(bench)
    budget_mib = _ROOM * footprint_mib + footprint_mib // 2
    async with bench.sidecar(memory_mib=budget_mib) as owner:
        workload = await _workload(bench, owner)
    return _found(workload, footprint_mib, budget_mib)


async def _footprint_mib(bench: Bench) -> int:
    """The memory that the sidecar reserves for a replica of such a model."""
    async with bench.sidecar(memory_mib=2048) as owner:
        return max([int((await owner.enter(name))["memory_mib"]) for name in _NAMES])


async def _workload(bench: Bench, owner: Owner) -> Workload:
    """Some clients at once, watched all the time."""
    rng = random.Random(_SEED)  # noqa: S311 - nothing secret
    begun_s = time.monotonic()
    sampler = Sampler(bench)
    sampling = asyncio.create_task(sampler.run())
    clients = (_client(owner, random.Random(rng.random()), begun_s + _WORKLOAD_S) for _ in range(_CLIENTS))  # noqa: S311
    answers = list(itertools.chain(*await asyncio.gather(*clients)))
    sampler.is_over = True
    return Workload(await sampling, answers, time.monotonic() - begun_s)


async def _client(owner: Owner, rng: random.Random, give_up_s: float) -> list[bool]:
    """Ask one model after another, now and then stop one; which were answered."""
    answers = []
    while time.monotonic() < give_up_s:
        name = rng.choice(_NAMES)
        if rng.random() < 0.05:
            await owner.call("POST", f"/api/models/{name}/stop")
        answers.append(await owner.try_to_ask(name, max_tokens=rng.randint(1, 24)))
        await asyncio.sleep(rng.random() * 0.2)
    return answers


def _found(workload: Workload, footprint_mib: int, budget_mib: int) -> Found:
    taken_mib = [footprint_mib * len(models) for models in workload.samples]
    exceeded = sum(taken > budget_mib for taken in taken_mib)
    every_ms = 1000 * workload.took_s / len(taken_mib)
    row = Row(
        f"samples above the budget of {budget_mib} MiB ({len(taken_mib)}, one every {every_ms:.0f} ms; most "
        f"{max(taken_mib)} MiB; {_traffic(workload)})",
        f"{exceeded}",
        "what was started is kept",
        f"{_exceeded_if_kept(workload.samples, footprint_mib, budget_mib)}",
    )
    return Found("budget_exceeded_samples", exceeded, row)


def _traffic(workload: Workload) -> str:
    """How much was answered, and at what cost in containers that come and go."""
    answered = sum(workload.answers)
    seen = {model for models in workload.samples for model in models}
    changes = sum(a != b for a, b in itertools.pairwise(workload.samples))
    return (
        f"{answered} of {len(workload.answers)} answered, {len(seen)} models, {changes} changes, "
        f"{changes / max(answered, 1):.2f} swaps per answer"
    )


def _exceeded_if_kept(samples: Sequence[Sample], footprint_mib: int, budget_mib: int) -> int:
    """In how many samples the budget would be exceeded if nothing were ever evicted."""
    kept: set[str] = set()
    exceeded = 0
    for models in samples:
        kept.update(models)
        exceeded += footprint_mib * len(kept) > budget_mib
    return exceeded
