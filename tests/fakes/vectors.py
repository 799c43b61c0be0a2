"""Vectors of the fakes: the same for the same text, near to those of texts with the same words; and how they go wrong.

It needs Python's standard library only.
"""

import math
import random
import zlib
from collections.abc import Sequence
from typing import Any

from tests.fakes.behaviour import Behaviour, Fault

_BEGIN, _END = 101, 102


def tokens_of(text: str) -> list[int]:
    """A number for each word, with one before and one after: as a BERT's tokens look."""
    return [_BEGIN, *(1000 + zlib.crc32(word.encode()) % 29_000 for word in text.lower().split()), _END]


def vector_of(tokens: Sequence[int], dimensions: int) -> list[float]:
    """The mean of its words' directions, of length 1."""
    words = [_direction(token, dimensions) for token in tokens]
    mean = [sum(numbers) / len(words) for numbers in zip(*words, strict=True)]
    length = math.hypot(*mean) or 1.0
    return [number / length for number in mean]


def rows_of(tokens: Sequence[Sequence[int]], behaviour: Behaviour) -> list[Any]:
    """A vector for each text, or what the fault makes of them."""
    rows: list[Any] = [vector_of(one, behaviour.dimensions) for one in tokens]
    match behaviour.fault:
        case Fault.FEWER_VECTORS:
            return rows[:-1]
        case Fault.RAGGED_VECTORS:
            return [*rows[:-1], [*rows[-1], 0.5]]
        case Fault.NO_NUMBERS:
            return [*rows[:-1], ["0.5", True, None]]
        case Fault.EMPTY_VECTORS:
            return [[] for _ in rows]
        case Fault.NOT_FINITE:
            return [*rows[:-1], [math.nan, math.inf]]
        case Fault.TOO_LARGE_NUMBERS:
            return [*rows[:-1], [1e308] * behaviour.dimensions]
        case Fault.HUGE_VECTORS:
            return [[0.123456789012345] * 200_000 for _ in rows]
    return rows


def _direction(token: int, dimensions: int) -> list[float]:
    chance = random.Random(token)
    return [chance.gauss(0, 1) for _ in range(dimensions)]
