"""Plays the tables as streams where only the chosen model's outcome is seen: from nothing, and from a shipped prior."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from dispatcher.learning.landmarks import Landmarks
from dispatcher.learning.online import OnlineQuality
from dispatcher.learning.quality import QualityModel
from scripts.bench.routes.data import load
from scripts.bench.routes.offline import parts
from scripts.bench.routes.players import AtRandom, EpsilonByTask, LinUcb, Ours
from scripts.bench.routes.routers import encoder_of, expected_cost
from scripts.bench.routes.stream import Player, Score, Stream, play

_QUICK = 600  # requests

Make = Callable[[int], Player]


@dataclass(frozen=True, slots=True)
class Row:
    """One player's scores on one stream, a seed each."""

    name: str
    scores: tuple[Score, ...]

    def mean(self, what: str) -> float:
        """The mean of one of the score's fields."""
        return float(np.mean([getattr(score, what) for score in self.scores]))

    def line(self) -> str:
        """The row as text; ± is the standard deviation from seed to seed."""
        spread = float(np.std([score.gain for score in self.scores]))
        return (
            f"{self.name:24s} reward {self.mean('reward'):.4f}  gain {self.mean('gain'):7.1%} ± {spread:.1%}  "
            f"last quarter {self.mean('last_quarter'):7.1%}  first 500 {self.mean('first500'):+.4f}"
        )


def online(data: Path, judge: Path | None, seeds: int, *, quick: bool, to: TextIO) -> dict[str, float]:
    """Play every protocol, print a table for each, and return the numbers that are asked for."""
    requests = _QUICK if quick else None
    cold = _shown("llmrouter9, from nothing", cold_rows(data, judge, "llmrouter9", seeds, requests), to)
    hard = _shown("mmlupro10, from nothing", cold_rows(data, judge, "mmlupro10", seeds, requests), to)
    warm = _shown("llmrouter9, with the shipped prior", prior_rows(data, judge, "llmrouter9", seeds, requests), to)
    return {
        "llmrouter9_online_gain": cold.mean("gain"),
        "llmrouter9_online_last_quarter": cold.mean("last_quarter"),
        "llmrouter9_online_first500": cold.mean("first500"),
        "llmrouter9_online_prior_gain": warm.mean("gain"),
        "mmlupro10_online_gain": hard.mean("gain"),
    }


def cold_rows(data: Path, judge: Path | None, name: str, seeds: int, requests: int | None) -> list[Row]:
    """Play every prompt once. Known before: texts (not outcomes) of the fit part, and the catalogue's prior by size."""
    fit, judged = parts(data, judge, name)
    table = judged if judge else load(data, name)
    encoder = encoder_of(fit)
    landmarks = Landmarks.fit(fit.requests(encoder), 0)
    stream = Stream.of(table, landmarks.place(table.requests(encoder)), table.prior)
    width = stream.vectors.shape[1]
    return played(
        stream, {"ours": lambda seed: Ours(stream, seed, OnlineQuality(width)), **plain(stream)}, seeds, requests
    )


def prior_rows(data: Path, judge: Path | None, name: str, seeds: int, requests: int | None) -> list[Row]:
    """Play what was held out. Known before: every model's outcomes on the fit part."""
    fit, judged = parts(data, judge, name)
    encoder = encoder_of(fit)
    model = QualityModel.fit(fit.examples(encoder, expected_cost(fit, fit)), 0)
    asked = judged.requests(encoder)
    base = model.predict_many(asked, judged.facts, judged.prior)
    usd_mean_max = float(fit.cost_usd.mean(0).max())
    stream = Stream.of(judged, model.landmarks.place(asked), base, usd_mean_max)
    taught = Stream.of(fit, model.landmarks.place(fit.requests(encoder)), fit.prior, usd_mean_max)
    width = stream.vectors.shape[1]
    makes: dict[str, Make] = {
        "ours": lambda seed: Ours(stream, seed, OnlineQuality(width, stream.models), taught),
        "the prior, not learning": lambda _seed: _Fixed(stream, taught),
        "LinUCB, taught": lambda seed: _taught(stream, taught, seed),
    }
    return played(stream, makes | plain(stream), seeds, requests)


def plain(stream: Stream) -> dict[str, Make]:
    """The players to compare with, none of which knows anything beforehand."""
    return {
        "random": lambda seed: AtRandom(stream, _chance(seed)),
        "epsilon-greedy by task": lambda seed: EpsilonByTask(stream, _chance(seed)),
        "LinUCB": lambda _seed: LinUcb(stream),
    }


def played(
    stream: Stream,
    makes: dict[str, Make],
    seeds: int,
    requests: int | None = None,
    absent: Callable[[int], Sequence[int]] | None = None,
) -> list[Row]:
    """Let each player play the same orders, each seed anew."""
    orders = [np.random.default_rng(seed).permutation(len(stream.tasks))[:requests] for seed in range(seeds)]
    return [
        Row(name, tuple(play(stream, make(seed), order, absent) for seed, order in enumerate(orders)))
        for name, make in makes.items()
    ]


class _Fixed:
    """Takes what the base says is best."""

    def __init__(self, stream: Stream, past: Stream) -> None:
        tasks, lengths = np.array(past.tasks), past.tokens_out.mean(1)
        means = {task: lengths[tasks == task].mean() for task in set(past.tasks)}
        tokens = stream.tokens_in + [means.get(task, lengths.mean()) for task in stream.tasks]
        self._worth = stream.base - stream.usd_weight * stream.usd_per_token * tokens[:, None]

    def choose(self, request: int, present: np.ndarray) -> int:
        return int(present[self._worth[request, present].argmax()])

    def learn(self, request: int, model: int) -> None:
        pass


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - no secret


def _taught(stream: Stream, past: Stream, seed: int) -> LinUcb:
    player = LinUcb(stream)
    for each in np.random.default_rng(1000 + seed).permutation(past.reward.size):
        request, model = divmod(int(each), len(past.models))
        player.teach(past.vectors[request], model, float(past.reward[request, model]))
    return player


def _shown(title: str, rows: list[Row], to: TextIO) -> Row:
    first = rows[0].scores
    fixed, oracle = (float(np.mean([getattr(score, name) for score in first])) for name in ("fixed", "oracle"))
    print(f"\n{title}: best single model {fixed:.4f} (0 %), oracle {oracle:.4f} (100 %), {len(first)} seeds", file=to)
    for row in rows:
        print(f"  {row.line()}", file=to)
    print(f"  ours, seed by seed: {' '.join(f'{score.gain:.1%}' for score in first)}", file=to)
    return rows[0]
