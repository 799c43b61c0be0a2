"""The vectors in an inference server's answer, checked: it may be any server's."""

import math

from dispatcher.core.embedding import Vector
from dispatcher.errors import RuntimeBadAnswer

_SIZE_MAX = 65_536
_NUMBERS = frozenset({int, float})  # not bool, which is an int


def body_bytes_max(texts: int) -> int:
    """The longest answer that can be meant: 8,192 numbers for each text, as long as JSON writes them."""
    return min(1 + texts // 5, 256) * 1024 * 1024


def checked(rows: object, texts: int) -> tuple[Vector, ...]:
    """The rows as vectors, when there is one for each text, all of one size and of finite numbers.

    Raises: RuntimeBadAnswer.
    """
    if not isinstance(rows, list) or len(rows) != texts:
        count = len(rows) if isinstance(rows, list) else "no"
        raise RuntimeBadAnswer(f"the inference server sent {count} vectors for {texts} texts")
    vectors = tuple(_vector(row) for row in rows)
    if len(sizes := {len(vector) for vector in vectors}) > 1:
        raise RuntimeBadAnswer(f"the inference server sent vectors of {len(sizes)} sizes in one answer")
    return vectors


def _vector(row: object) -> Vector:
    if not isinstance(row, list) or not 0 < len(row) <= _SIZE_MAX:
        raise RuntimeBadAnswer("the inference server sent something else than a vector")
    if not _NUMBERS.issuperset(map(type, row)):
        raise RuntimeBadAnswer("the inference server sent a vector that isn't made of numbers")
    vector = tuple(map(float, row))
    if not math.isfinite(sum(vector)):
        raise RuntimeBadAnswer("the inference server sent a vector whose numbers aren't finite")
    return vector


def token_count(value: object) -> int:
    """How many tokens it says that it read; 0 when it doesn't say."""
    return value if type(value) is int and 0 <= value < 1 << 40 else 0
