"""A prompt as a short vector: prompts with like words lie close to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatcher.learning.words import BUCKET_BITS, buckets_of


@dataclass(frozen=True, slots=True)
class TextEncoder:
    """Looks up each hashed word's row and adds the rows up: latent semantic analysis, frozen.

    Args:
        version: names the table; vectors of different versions aren't compared.
        table: float32, (buckets, width), a row for each bucket, its weight included.
    Source: latent semantic indexing (Deerwester 1990) on hashed words (Weinberger 2009).
    """

    version: str
    table: NDArray[np.float32]

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return int(self.table.shape[1])

    def encode(self, sample: str) -> NDArray[np.float32]:
        """Place a sample (lower case) on the unit sphere; zeros when it has no known word. Shape (width,)."""
        place: NDArray[np.float32] = self.table[buckets_of(sample)].sum(0)
        length = float(np.sqrt(place @ place))
        return place / np.float32(length) if length > 0 else place

    def to_bytes(self) -> bytes:
        """Pack the table as float16; the width follows from its length."""
        return self.table.astype("<f2").tobytes()

    @classmethod
    def from_bytes(cls, version: str, packed: bytes) -> "TextEncoder":
        """Unpack a table; ValueError when it isn't one."""
        table = np.frombuffer(packed, "<f2")
        if not table.size or table.size % (1 << BUCKET_BITS):
            raise ValueError(
                f"a text table must have whole rows of {1 << BUCKET_BITS} buckets, not {table.size} numbers"
            )
        rows = table.reshape(1 << BUCKET_BITS, -1).astype(np.float32)
        if not np.isfinite(rows).all():
            raise ValueError("a text table must have finite numbers only")
        return cls(version, rows)
