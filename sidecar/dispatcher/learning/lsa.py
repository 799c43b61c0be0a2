"""Makes a text encoder from texts alone: which words occur together says what they are about. No outcome is used."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatcher.learning.text import TextEncoder
from dispatcher.learning.words import BUCKET_BITS, buckets_of

_BUCKETS = 1 << BUCKET_BITS
_SPARE = 10  # directions more than asked for, which the iteration needs to settle
_ROUNDS = 5
_TEXTS_AT_ONCE = 500
_RARE = 2  # a word of one text says nothing about others

Floats = NDArray[np.float64]


def fit_text_encoder(samples: Sequence[str], width: int, seed: int) -> TextEncoder:
    """Find the `width` main directions of the texts' weighted words (randomised SVD, Halko 2011).

    Args:
        samples: in lower case, as `features_of` takes them; their order doesn't matter beyond rounding.
    """
    words = _Words.of(samples)
    basis = np.random.default_rng(seed).standard_normal((_BUCKETS, width + _SPARE))
    for _ in range(_ROUNDS):
        basis, _r = np.linalg.qr(words.back(words.forth(basis)))
    _u, _s, turn = np.linalg.svd(words.forth(basis), full_matrices=False)
    table = ((basis @ turn.T[:, :width]) * words.weights[:, None]).astype(np.float16).astype(np.float32)
    return TextEncoder(f"lsa-{hashlib.sha256(table.tobytes()).hexdigest()[:12]}", table)


@dataclass(frozen=True, slots=True)
class _Words:
    """A sparse matrix of texts × buckets: `columns` of one text after the other, `starts` where each begins."""

    columns: NDArray[np.intp]
    starts: NDArray[np.intp]
    owners: NDArray[np.intp]
    values: Floats
    weights: Floats

    @classmethod
    def of(cls, samples: Sequence[str]) -> "_Words":
        found = [one for one in map(buckets_of, samples) if len(one)]
        columns, sizes = np.concatenate(found), np.array([len(one) for one in found])
        counts = np.bincount(columns, minlength=_BUCKETS)
        weights = np.where(counts >= _RARE, np.log((1 + len(found)) / (1 + counts)) + 1, 0.0)
        owners = np.repeat(np.arange(len(found)), sizes)
        lengths = np.sqrt(np.bincount(owners, weights[columns] ** 2))
        return cls(
            columns,
            np.concatenate(([0], np.cumsum(sizes)[:-1])),
            owners,
            weights[columns] / np.maximum(lengths[owners], 1e-12),
            weights,
        )

    def forth(self, right: Floats) -> Floats:
        """This matrix times `right`, some texts at a time for the memory's sake."""
        parts = []
        for first in range(0, len(self.starts), _TEXTS_AT_ONCE):
            begin = self.starts[first]
            last = first + _TEXTS_AT_ONCE
            end = self.starts[last] if last < len(self.starts) else len(self.columns)
            rows = right[self.columns[begin:end]] * self.values[begin:end, None]
            parts.append(np.add.reduceat(rows, self.starts[first:last] - begin, axis=0))
        return np.concatenate(parts)

    def back(self, right: Floats) -> Floats:
        """This matrix turned over, times `right`."""
        return np.column_stack(
            [
                np.bincount(self.columns, self.values * column[self.owners], minlength=_BUCKETS)
                for column in np.ascontiguousarray(right.T)
            ]
        )
