"""The same calls on real models, ours and FIFO in alternating rounds."""

import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from dispatcher.core.eligibility import Candidate
from dispatcher.core.model import WeightsState
from dispatcher.core.simulation.drafts import Draft, Kind
from dispatcher.core.simulation.workload import Workload
from dispatcher.core.task import Complexity, ModelId
from dispatcher.core.threads import threads_for
from dispatcher.machine import lent_cores
from dispatcher.weights.catalogue import load_catalogue
from dispatcher.weights.library import WeightLibrary
from scripts.bench.queueing.fifo import play_fifo
from scripts.bench.queueing.ours import play_ours
from scripts.bench.queueing.outcome import Round

SMALL, LARGE = ModelId("smollm2-135m-instruct"), ModelId("qwen2.5-coder-0.5b-instruct")
BUDGET_MIB = 800  # each of the two fits, both don't


@dataclass(frozen=True, slots=True)
class Compared:
    """Both sides' rounds, and the workloads they played."""

    workloads: tuple[Workload, ...]
    ours: tuple[Round, ...]
    fifo: tuple[Round, ...]


def real_workload(rng: random.Random, models: Sequence[Candidate]) -> Workload:
    """Fifty calls: two workflows of twenty items at once, one a model, a loop over six, four callers in a hurry."""
    draft = Draft(rng)
    draft.burst(_kind("labels", SMALL, 300.0), 20, rng.uniform(0.0, 0.5), apart_s=0.05)
    draft.burst(_kind("tickets", LARGE, 300.0), 20, rng.uniform(0.0, 0.5), apart_s=0.05)
    draft.loop(_kind("loop", SMALL, 120.0), 6, rng.uniform(2.0, 6.0))
    for _ in range(4):
        draft.call(_kind("chat", SMALL, 60.0, priority=10), rng.uniform(0.0, 45.0))
    return draft.workload(models, BUDGET_MIB)


def _kind(workflow: str, model: str, timeout_s: float, priority: int = 0) -> Kind:
    return Kind(workflow, model, (40, 90), (8, 20), timeout_s, priority, complexity=Complexity.LOW)


async def compare(rounds: int) -> Compared:
    """Play so many rounds on each side, each with its own calls; who is first changes from round to round."""
    models = _models()
    weights = await _weights()
    workloads = tuple(real_workload(_rng(seed), models) for seed in range(rounds))
    ours: list[Round] = []
    fifo: list[Round] = []
    for number, workload in enumerate(workloads):
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            begun_s = time.monotonic()
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                if side == 0:
                    (folder / "weights").symlink_to(next(iter(weights.values())).parent)
                    ours.append(await play_ours(workload, folder))
                else:
                    fifo.append(await play_fifo(workload, weights, folder))
            print(f"round {number + 1} {('ours', 'FIFO')[side]}: {time.monotonic() - begun_s:.0f} s", file=sys.stderr)
    return Compared(workloads, tuple(ours), tuple(fifo))


def _rng(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - these numbers keep no secret


def _models() -> tuple[Candidate, ...]:
    threads = threads_for(lent_cores(None))
    specs = [entry.spec for entry in load_catalogue() if entry.spec.id in (SMALL, LARGE)]
    return tuple(Candidate(spec, WeightsState.PRESENT, threads, spec.footprint_mib) for spec in specs)


async def _weights() -> dict[ModelId, Path]:
    """The two models' verified files, fetched when they aren't there yet."""
    base = os.environ.get("AI_DISPATCH_CACHE") or Path.home() / ".cache" / "ai-dispatch"
    async with aiohttp.ClientSession(trust_env=True) as session:
        library = WeightLibrary(Path(base) / "weights", load_catalogue(), session, time.monotonic)
        try:
            await library.scan()
            return {model_id: await library.fetch(model_id) for model_id in (SMALL, LARGE)}
        finally:
            await library.close()


def run(rounds: int) -> Compared:
    """The same, from outside any event loop."""
    return asyncio.run(compare(rounds))
