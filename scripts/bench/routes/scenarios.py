"""Plays streams in which the world changes half way: a model gets worse, or a good one arrives."""

import random
from dataclasses import replace
from typing import TextIO

import numpy as np

from dispatcher.core.task import TaskType
from dispatcher.learning.examples import Floats
from dispatcher.learning.online import OnlineQuality
from scripts.bench.routes.players import EpsilonByTask, LinUcb, Ours
from scripts.bench.routes.stream import COST_WEIGHT, Score, Stream, play

_REQUESTS = 3000
_TOPICS = 8
_WIDTH = 16
_TASKS = (TaskType.CHAT, TaskType.EXTRACTION)
_SIZES_B = (3.0, 8.0, 8.0, 14.0, 70.0)
_BEST = 3  # of the sizes, once it is there
_TOKENS = 200.0
_LOSS = 0.5  # share of its quality that a model loses when it changes


def scenarios(seeds: int, to: TextIO) -> dict[str, float]:
    """Print how ours and two plain bandits do; the gains of ours in the last quarter, by scenario."""
    found = {}
    for name, show in (("a model gets worse half way", _drift), ("the best model arrives half way", _arrival)):
        print(f"\n{name} (made up, {_REQUESTS} requests, {seeds} seeds): gain in the last quarter", file=to)
        rows: dict[str, list[Score]] = {}
        for seed in range(seeds):
            for player, score in show(seed).items():
                rows.setdefault(player, []).append(score)
        for player, scores in rows.items():
            gains = [score.last_quarter for score in scores]
            print(f"  {player:24s} {np.mean(gains):7.1%} ± {np.std(gains):.1%}", file=to)
        found[name] = float(np.mean([score.last_quarter for score in rows["ours"]]))
    return found


def made_up(seed: int) -> Stream:
    """Models of some sizes, each good at topics of its own, and requests whose vectors lie about their topic's."""
    rng = np.random.default_rng(seed)
    topic = rng.integers(_TOPICS, size=_REQUESTS)
    centres = rng.standard_normal((_TOPICS, _WIDTH))
    vectors = centres[topic] + 0.5 * rng.standard_normal((_REQUESTS, _WIDTH))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    skill = np.clip(0.45 + 0.25 * rng.standard_normal((_TOPICS, len(_SIZES_B))), 0.05, 0.95)
    skill[:, _BEST] = np.clip(skill[:, _BEST] + 0.1, 0.05, 0.95)
    chance = skill[topic]
    price = np.array(_SIZES_B) / 1e8
    tokens = np.full(_REQUESTS, _TOKENS)
    weight = COST_WEIGHT / float(price.max() * 2 * _TOKENS)
    quality = (rng.random(chance.shape) < chance).astype(float)
    return Stream(
        tuple(f"m{size:g}b-{place}" for place, size in enumerate(_SIZES_B)),
        tuple(_TASKS[one % len(_TASKS)] for one in topic),
        vectors,
        np.full(chance.shape, 0.6),
        tokens,
        np.full(chance.shape, _TOKENS),
        price,
        weight,
        quality,
        quality - weight * price * 2 * _TOKENS,
    )


def worsened(stream: Stream, seed: int) -> Stream:
    """The same, in which the best model loses half of its quality half way, without a new name."""
    lost = (np.random.default_rng(seed).random(_REQUESTS) < _LOSS) & (np.arange(_REQUESTS) >= _REQUESTS // 2)
    best = int(stream.reward.mean(0).argmax())
    quality: Floats = stream.quality.copy()
    quality[lost, best] = 0.0
    return replace(stream, quality=quality, reward=stream.reward + quality - stream.quality)


def _drift(seed: int) -> dict[str, Score]:
    return _played(worsened(made_up(seed), seed), seed, arrives=False)


def _arrival(seed: int) -> dict[str, Score]:
    return _played(made_up(seed), seed, arrives=True)


def _played(stream: Stream, seed: int, *, arrives: bool) -> dict[str, Score]:
    def absent(step: int) -> tuple[int, ...]:
        return (_BEST,) if arrives and step < _REQUESTS // 2 else ()

    order = np.arange(_REQUESTS)
    players = {
        "ours": Ours(stream, seed, OnlineQuality(_WIDTH)),
        "epsilon-greedy by task": EpsilonByTask(stream, random.Random(seed)),  # noqa: S311 - no secret
        "LinUCB": LinUcb(stream),
    }
    return {name: play(stream, player, order, absent) for name, player in players.items()}
