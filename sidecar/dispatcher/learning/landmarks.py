"""Where a request lies among typical ones: numbers that change smoothly with its text."""

from dataclasses import dataclass, field

import numpy as np

from dispatcher.core.features import RequestFeatures
from dispatcher.learning.examples import SIZES, Floats, Requests

_COUNT_MIN, _COUNT_MAX = 16, 48
_REQUESTS_EACH = 48  # so many speak for a landmark: with few requests, many landmarks would follow chance
_WIDTH = 1.0  # of the kernel: exp(-width · distance²)
_TASK_SCALE = 0.5
_CLIP = 3.0  # standard deviations
_STEADY = 1e-3  # added to the landmarks' own kernel, so that near twins do no harm
_SAMPLE_MAX = 8000  # requests that landmarks are chosen from
_ROUNDS = 25


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Typical requests, and how near another one lies to each.

    Args:
        mean, scale: (sizes,) standardise a request's numbers.
        centres: (landmarks, features) typical requests.
        whiten: (landmarks, landmarks) makes the nearness of different landmarks comparable.
    Source: Nyström features of a radial kernel (Williams & Seeger 2001) at k-means centres (Zhang 2008).
    """

    mean: Floats
    scale: Floats
    centres: Floats
    whiten: Floats
    _norms: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_norms", (self.centres * self.centres).sum(1))

    @classmethod
    def fit(cls, requests: Requests, seed: int) -> "Landmarks":
        """Choose landmarks among requests; no outcome is used."""
        rng = np.random.default_rng(seed)
        if len(requests) > _SAMPLE_MAX:
            requests = requests.take(np.sort(rng.permutation(len(requests))[:_SAMPLE_MAX]))
        sizes = requests.numbers[:, :SIZES]
        mean, scale = sizes.mean(0), 1.0 / ((sizes.std(0) + 1e-3) * SIZES**0.5)
        points = _points(requests.numbers, requests.vectors, mean, scale)
        count = min(_COUNT_MAX, max(_COUNT_MIN, len(points) // _REQUESTS_EACH), len(points))
        centres = _centres(points, count, rng)
        values, turn = np.linalg.eigh(_nearness(centres, centres) + _STEADY * np.eye(len(centres)))
        return cls(mean, scale, centres, (turn / np.sqrt(values)) @ turn.T)

    def place(self, requests: Requests) -> Floats:
        """Say how near each request lies to each landmark, whitened. Shape (n, landmarks)."""
        points = _points(requests.numbers, requests.vectors, self.mean, self.scale)
        near: Floats = _nearness(points, self.centres) @ self.whiten
        return near

    def place_one(self, request: RequestFeatures) -> Floats:
        """The same of one request, in half the time. Shape (landmarks,)."""
        point = np.array((*request.numbers[:SIZES], *request.text, *request.numbers[SIZES:]))
        sizes, limit = point[:SIZES], _CLIP / SIZES**0.5
        sizes -= self.mean
        sizes *= self.scale
        np.minimum(sizes, limit, out=sizes)
        np.maximum(sizes, -limit, out=sizes)
        point[SIZES + len(request.text) :] *= _TASK_SCALE
        apart = point @ point - 2.0 * (self.centres @ point) + self._norms
        near: Floats = np.exp(-_WIDTH * np.maximum(apart, 0.0)) @ self.whiten
        return near


def _points(numbers: Floats, vectors: Floats, mean: Floats, scale: Floats) -> Floats:
    limit = _CLIP / SIZES**0.5
    sizes = np.minimum(np.maximum((numbers[:, :SIZES] - mean) * scale, -limit), limit)
    return np.concatenate((sizes, vectors, _TASK_SCALE * numbers[:, SIZES:]), 1)


def _nearness(points: Floats, centres: Floats) -> Floats:
    apart = (points * points).sum(1)[:, None] - 2.0 * (points @ centres.T) + (centres * centres).sum(1)
    near: Floats = np.exp(-_WIDTH * np.maximum(apart, 0.0))
    return near


def _centres(points: Floats, count: int, rng: np.random.Generator) -> Floats:
    """k-means, begun with centres far apart (k-means++, Arthur & Vassilvitskii 2007)."""
    centres = points[rng.integers(len(points), size=1)]
    apart = ((points - centres[0]) ** 2).sum(1)
    for _ in range(count - 1):
        chance = apart + 1e-12
        chosen = points[rng.choice(len(points), p=chance / chance.sum())]
        centres = np.vstack((centres, chosen))
        apart = np.minimum(apart, ((points - chosen) ** 2).sum(1))
    for _ in range(_ROUNDS):
        nearest = _nearness(points, centres).argmax(1)
        counts = np.bincount(nearest, minlength=count)
        sums = np.column_stack([np.bincount(nearest, column, count) for column in points.T])
        centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
    return centres
