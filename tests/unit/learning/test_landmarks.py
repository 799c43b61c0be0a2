"""Where a request lies among typical ones."""

import numpy as np

from dispatcher.core.features import FEATURES, FEATURES_VERSION, RequestFeatures
from dispatcher.learning.examples import SIZES, Requests
from dispatcher.learning.landmarks import Landmarks


def requests(count: int, seed: int) -> Requests:
    rng = np.random.default_rng(seed)
    numbers = np.zeros((count, len(FEATURES)))
    numbers[:, :SIZES] = rng.normal(size=(count, SIZES)) * 3.0
    numbers[np.arange(count), SIZES + rng.integers(len(FEATURES) - SIZES, size=count)] = 1.0
    vectors = rng.normal(size=(count, 8))
    return Requests(numbers, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def test_one_request_has_the_place_that_it_has_among_many() -> None:
    landmarks = Landmarks.fit(requests(900, 1), 1)
    some = requests(20, 2)
    many = landmarks.place(some)
    for place, numbers, vector in zip(many, some.numbers, some.vectors, strict=True):
        one = RequestFeatures(FEATURES_VERSION, tuple(numbers.tolist()), tuple(vector.tolist()))
        assert np.allclose(landmarks.place_one(one), place, atol=1e-9)
