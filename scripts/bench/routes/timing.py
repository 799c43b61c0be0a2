"""Measures promised times: how often P90 is kept, before and after the machine gets twice as slow; and training.

Drives the class that serves. Beside it, on the same answers: the catalogue's forecast, and what gateways do that keep
a moving average per model and call one and a half times it safe.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dispatcher.core.forecast import Question, Work, forecast
from dispatcher.core.model import ModelSpec
from dispatcher.core.task import ModelId
from dispatcher.core.timed_outcome import TimedOutcome
from dispatcher.learning.dataset import DatasetWriter
from dispatcher.learning.times import TimeForecaster
from dispatcher.learning.training import NotTrained, Order, train
from dispatcher.learning.verify import verified
from dispatcher.weights.catalogue import load_catalogue
from scripts.bench.routes.lessons import lessons
from scripts.bench.routes.machine import Machine
from scripts.bench.table import Row, print_table

_MODELS = 5
_BEFORE = 500  # outcomes of each model before it counts
_AFTER_DRIFT = 200
_COUNTED = 500
_SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)
_ROWS = 100_000
_WIDTH = 40  # as the shipped encoder's
_EWMA = 0.1
_EWMA_SAFETY = 1.5


@dataclass(slots=True)
class Tally:
    """Promises kept and made, by model; `loss` is how far off they were in all, in seconds of pinball loss."""

    kept: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    made: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    loss: float = 0.0

    def count(self, key: str, limit_s: float, actual_s: float) -> None:
        """Take in one promise."""
        self.kept[key] += actual_s <= limit_s
        self.made[key] += 1
        late_s = actual_s - limit_s
        self.loss += max(0.9 * late_s, -0.1 * late_s)

    @property
    def share(self) -> float:
        """Of all."""
        return sum(self.kept.values()) / sum(self.made.values())

    @property
    def shares(self) -> list[float]:
        """Of each model."""
        return sorted(self.kept[key] / self.made[key] for key in self.made)


def timing(*, quick: bool = False) -> dict[str, float]:
    """All of it: coverage, and a training."""
    return coverage(_SEEDS[:2] if quick else _SEEDS) | asyncio.run(_training(2_000 if quick else _ROWS))


def show_timing(found: Mapping[str, float], *, to_stderr: bool) -> None:
    """Print the numbers, each coverage beside its baselines."""
    rows = []
    for name, words in (
        ("coverage", "after 500 answers of each model"),
        ("coverage_after_drift", "200 answers after all got twice as slow"),
    ):
        for baseline, what in (("catalogue", "catalogue"), ("ewma", "1.5 × moving average")):
            ours, its = (f"{found[f'{one}_{name}']:.1%}" for one in ("p90", f"{baseline}_p90"))
            rows.append(Row(f"Promises of P90 kept, {words}", ours, what, its))
    for baseline, what in (("catalogue", "catalogue"), ("ewma", "1.5 × moving average")):
        rows.append(Row("Pinball loss of P90", f"{found[f'p90_loss_to_{baseline}']:.2f}", what, "1.00"))
    rows += [Row(key, f"{number:g}", "–", "–") for key, number in found.items() if key.startswith("train_")]
    print_table(rows, to_stderr=to_stderr)


def coverage(seeds: Sequence[int]) -> dict[str, float]:
    """Coverage of P90 per phase, ours and the baselines'; the keys `p90_coverage…` are what issue 5 asks for.

    `…_worst` are the model and seed that are farthest from 90 %. Whoever promises enough is never late: `p90_loss_…`
    is our pinball loss as a share of a baseline's, which falls only when promises are both kept and close.
    """
    names = ("p90", "catalogue_p90", "ewma_p90")
    tallies = {name: (Tally(), Tally()) for name in names}
    for seed in seeds:
        _play(seed, tallies)
    numbers: dict[str, float] = {}
    for name in names:
        for suffix, tally in zip(("coverage", "coverage_after_drift"), tallies[name], strict=True):
            numbers[f"{name}_{suffix}"] = round(tally.share, 4)
            numbers[f"{name}_{suffix}_worst"] = round(max(tally.shares, key=lambda share: abs(share - 0.9)), 4)
    for name in names[1:]:
        ours, its = (sum(tally.loss for tally in tallies[one]) for one in ("p90", name))
        numbers[f"p90_loss_to_{name.removesuffix('_p90')}"] = round(ours / its, 3)
    return numbers


async def _training(rows: int) -> dict[str, float]:
    """Seconds and peak memory of a training on so many outcomes, as an installation trains."""
    with tempfile.TemporaryDirectory() as folder:
        writer = DatasetWriter("bench", _WIDTH)
        for lesson in lessons(_questions(), rows, _WIDTH, random.Random(1)):  # noqa: S311 - a simulation
            writer.add(lesson)
        dataset = Path(folder) / "dataset"
        writer.write(dataset)
        begun_s = time.perf_counter()
        made = await train(Order(dataset, Path(folder) / "ranker", 0.0, 0.0, 1.0))
        took_s = time.perf_counter() - begun_s
        if isinstance(made, NotTrained):
            sys.exit(f"no ranker: {made.failure}: {made.words}")
        artifact = await verified(made.folder, made.card_hash)
    return {
        f"train_{rows // 1000}k_s": round(took_s, 1),
        "train_rss_mib" if rows == _ROWS else f"train_{rows // 1000}k_rss_mib": round(made.peak_mib),
        "train_artifact_kib": round(sum(map(len, artifact.files.values())) / 1024),
    }


def _play(seed: int, tallies: dict[str, tuple[Tally, Tally]]) -> None:
    rng = random.Random(seed)  # noqa: S311 - a simulation
    questions = _questions()
    machine, ours = Machine(questions, rng), TimeForecaster()
    average: dict[ModelId, float] = {}
    for count, question, work, outcome, slow in _outcomes(machine, questions, rng):
        promised = ours.times(work, [question])[0].run
        catalogue = forecast(question.spec, work, question.threads, question.footprint_mib).run
        mean_s = average.get(question.spec.id, catalogue.p50)
        first = _AFTER_DRIFT if slow else _BEFORE
        if first <= count < first + _COUNTED:
            limits = {"p90": promised.p90, "catalogue_p90": catalogue.p90, "ewma_p90": mean_s * _EWMA_SAFETY}
            for name, limit_s in limits.items():
                tallies[name][slow].count(f"{seed} {question.spec.id}", limit_s, outcome.total_s)
        average[question.spec.id] = mean_s + _EWMA * (outcome.total_s - mean_s)
        ours.learn(replace(outcome, promised=promised))


def _outcomes(
    machine: Machine, questions: tuple[Question, ...], rng: random.Random
) -> Iterator[tuple[int, Question, Work, TimedOutcome, bool]]:
    """Answers of every model, each with how many of that model came before it in this phase."""
    works = machine.works()
    for slow, each in ((False, _BEFORE + _COUNTED), (True, _AFTER_DRIFT + _COUNTED)):
        machine.slowdown = 2.0 if slow else 1.0
        left = [question for question in questions for _ in range(each)]
        rng.shuffle(left)
        counts: dict[ModelId, int] = defaultdict(int)
        for question in left:
            work, node = next(works)
            yield counts[question.spec.id], question, work, machine.answer(work, node, question), slow
            counts[question.spec.id] += 1


def _questions() -> tuple[Question, ...]:
    specs = [entry.spec for entry in load_catalogue()]
    return tuple(_question(specs[index % len(specs)], index) for index in range(_MODELS))


def _question(spec: ModelSpec, index: int) -> Question:
    return Question(replace(spec, id=ModelId(f"{spec.id}-{index}")), threads=1, footprint_mib=1000, max_tokens=1024)
