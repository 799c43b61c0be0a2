"""The serving classes play streams in which only the chosen model's outcome is seen."""

import random

import numpy as np
import pytest

from dispatcher.core.exploration import Exploration
from dispatcher.learning.online import OnlineQuality
from scripts.bench.routes.players import EpsilonByTask, LinUcb, Ours
from scripts.bench.routes.scenarios import made_up, worsened
from scripts.bench.routes.stream import Player, Score, Stream, play

_SEEDS = range(3)


class _Always:
    """Takes what it is told to, request by request."""

    def __init__(self, models: np.ndarray) -> None:
        self._models = models

    def choose(self, request: int, present: np.ndarray) -> int:
        return int(self._models[request])

    def learn(self, request: int, model: int) -> None:
        pass


def _ours(stream: Stream, seed: int, settings: Exploration | None = None) -> Ours:
    return Ours(stream, seed, OnlineQuality(stream.vectors.shape[1]), settings=settings)


def _played(stream: Stream, player: Player) -> Score:
    return play(stream, player, np.arange(len(stream.tasks)))


def test_the_best_single_model_gains_nothing_and_the_oracle_everything() -> None:
    stream = made_up(0)
    fixed = np.full(len(stream.tasks), stream.reward.mean(0).argmax())
    assert _played(stream, _Always(fixed)).gain == pytest.approx(0.0)
    assert _played(stream, _Always(stream.reward.argmax(1))).gain == pytest.approx(1.0)


def test_the_same_seed_plays_the_same() -> None:
    stream = made_up(1)
    order = np.arange(300)
    assert play(stream, _ours(stream, 5), order) == play(stream, _ours(stream, 5), order)


@pytest.mark.heavy
def test_it_learns_what_no_single_model_can_do_and_plain_bandits_do_worse() -> None:
    ours, plain = [], []
    for seed in _SEEDS:
        stream = made_up(seed)
        ours.append(_played(stream, _ours(stream, seed)).gain)
        plain.append(_played(stream, EpsilonByTask(stream, random.Random(seed))).gain)
        plain.append(_played(stream, LinUcb(stream)).gain)
    assert np.mean(ours) > 0.05
    assert np.mean(ours) > np.mean(plain) + 0.1


@pytest.mark.heavy
def test_it_explores_as_rarely_as_it_is_told_to() -> None:
    stream = made_up(2)
    player = _ours(stream, 2)
    _played(stream, player)
    trials = Exploration().trials * len(stream.models)
    assert player.explored <= Exploration().share * len(stream.tasks) * 1.3 + trials


@pytest.mark.heavy
def test_it_leaves_a_model_that_got_worse() -> None:
    gains = []
    for seed in _SEEDS:
        stream = worsened(made_up(seed), seed)
        gains.append(_played(stream, _ours(stream, seed)).last_quarter)
    assert np.mean(gains) > 0.05


@pytest.mark.heavy
def test_it_finds_a_better_model_that_arrives() -> None:
    gains = []
    for seed in _SEEDS:
        stream = made_up(seed)
        order, best = np.arange(len(stream.tasks)), int(stream.reward.mean(0).argmax())
        until = len(order) // 2
        score = play(stream, _ours(stream, seed), order, lambda step, until=until, best=best: [best] * (step < until))
        gains.append(score.last_quarter)
    assert np.mean(gains) > 0.05
