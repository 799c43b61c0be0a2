"""Those who play a stream: the sidecar's own classes, and plain bandits beside them."""

import random
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from dispatcher.core.exploration import Contender, Exploration, Explorer
from dispatcher.core.shrinkage import Shrinkage
from dispatcher.learning.examples import Floats, Ints
from dispatcher.learning.online import OnlineQuality
from scripts.bench.routes.stream import Stream

_LENGTH_SD, _LENGTH = 100.0, 180.0


class Ours:
    """Quality learned online around a base, price times expected length, and exploration as it serves.

    Args:
        past: what lengths are known from beforehand.
    """

    def __init__(
        self,
        stream: Stream,
        seed: int,
        online: OnlineQuality,
        past: Stream | None = None,
        settings: Exploration | None = None,
    ) -> None:
        self._stream = stream
        self._rng = random.Random(seed)  # noqa: S311 - no secret
        self._online = online
        self._explorer = Explorer(settings or Exploration())
        self._length = Shrinkage(_LENGTH_SD, prior=_LENGTH)
        for task, tokens in zip(past.tasks, past.tokens_out.mean(1), strict=True) if past else ():
            self._length.learn((task,), float(tokens))
        self._tries = np.full(len(stream.models), float(len(past.tasks)) if past else 0.0)
        self.explored = 0

    def choose(self, request: int, present: Ints) -> int:
        """Rank by expected quality less expected cost, and let the explorer pick."""
        stream = self._stream
        models = [stream.models[model] for model in present]
        task = stream.tasks[request]
        quality, doubt = self._online.predict(stream.vectors[request], task, models, stream.base[request, present])
        tokens = stream.tokens_in[request] + self._length.mean((task,))[0]
        utility = quality - stream.usd_weight * stream.usd_per_token[present] * tokens
        ranked = np.argsort(-utility, kind="stable")
        pick = self._explorer.pick(
            [
                Contender(models[one], float(utility[one]), float(doubt[one]), float(self._tries[present[one]]), True)
                for one in ranked
            ],
            self._rng,
        )
        self.explored += pick.explored
        return int(present[ranked[pick.index]])

    def learn(self, request: int, model: int) -> None:
        """Teach quality and length."""
        stream, task = self._stream, self._stream.tasks[request]
        self._tries[model] += 1
        self._length.learn((task,), float(stream.tokens_out[request, model]))
        self._online.learn(
            stream.vectors[request],
            task,
            stream.models[model],
            float(stream.base[request, model]),
            float(stream.quality[request, model]),
            1.0,
        )


@dataclass(slots=True)
class AtRandom:
    """Any model, evenly."""

    stream: Stream
    rng: random.Random

    def choose(self, request: int, present: Ints) -> int:
        """Draw one."""
        return int(self.rng.choice(list(present)))

    def learn(self, request: int, model: int) -> None:
        """Nothing."""


@dataclass(slots=True)
class EpsilonByTask:
    """The best mean reward at this task type; explores with a chance that falls with the square root of time."""

    stream: Stream
    rng: random.Random
    sums: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(lambda: 1.0))
    counts: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(lambda: 1.0))
    step: int = 0

    def choose(self, request: int, present: Ints) -> int:
        """Draw one now and then, else take the best."""
        self.step += 1
        if self.rng.random() < max(0.01, 0.5 / self.step**0.5):
            return int(self.rng.choice(list(present)))
        task = self.stream.tasks[request]
        return int(max(present, key=lambda model: self.sums[task, int(model)] / self.counts[task, int(model)]))

    def learn(self, request: int, model: int) -> None:
        """Add it to the mean."""
        key = (self.stream.tasks[request], model)
        self.sums[key] += float(self.stream.reward[request, model])
        self.counts[key] += 1.0


class LinUcb:
    """A ridge regression a model on the request vector, and an upper confidence bound (Li 2010)."""

    def __init__(self, stream: Stream, alpha: float = 0.05) -> None:
        models, width = len(stream.models), stream.vectors.shape[1] + 1
        self._stream = stream
        self._alpha = alpha
        self._inverse = np.tile(np.eye(width), (models, 1, 1))
        self._sums = np.zeros((models, width))
        self._weights = np.zeros((models, width))

    def choose(self, request: int, present: Ints) -> int:
        """Take the highest bound."""
        given = self._given(self._stream.vectors[request])
        spread = np.einsum("i,mij,j->m", given, self._inverse[present], given)
        return int(present[(self._weights[present] @ given + self._alpha * np.sqrt(spread)).argmax()])

    def learn(self, request: int, model: int) -> None:
        """Teach the reward."""
        self.teach(self._stream.vectors[request], model, float(self._stream.reward[request, model]))

    def teach(self, vector: Floats, model: int, reward: float) -> None:
        """Teach an outcome, also one from before the stream."""
        given = self._given(vector)
        toward = self._inverse[model] @ given
        self._inverse[model] -= np.outer(toward, toward) / (1.0 + given @ toward)
        self._sums[model] += reward * given
        self._weights[model] = self._inverse[model] @ self._sums[model]

    def _given(self, vector: Floats) -> Floats:
        return np.append(vector, 1.0)
