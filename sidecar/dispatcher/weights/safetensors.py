"""A safetensors file, read as what it is: a JSON header, then plain numbers. Anything else in it is an error.

Source: https://huggingface.co/docs/safetensors (format)
"""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from dispatcher.weights.weightfile import WrongContent

_HEADER_BYTES_MAX = 16 * 1024 * 1024
_FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class Tensor:
    """32-bit floats, little-endian, in rows as its shape says; `start` is where in the file they begin."""

    shape: tuple[int, ...]
    file: BinaryIO
    start: int

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return math.prod(self.shape)

    def blocks(self, floats: int) -> Iterator[bytes]:
        """Its numbers as they lie there, so many at a time."""
        self.file.seek(self.start)
        left = self.count * _FLOAT_BYTES
        while left:
            block = self.file.read(min(left, floats * _FLOAT_BYTES))
            left -= len(block)
            yield block


@contextmanager
def tensors_of(path: Path) -> Iterator[dict[str, Tensor]]:
    """The tensors of 32-bit floats in a file, by name; they may be used inside the block only.

    Raises: WrongContent.
    """
    with path.open("rb") as file:
        try:
            tensors = _tensors(file, path.stat().st_size)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise WrongContent(f"{path.name} isn't a safetensors file: {error!r}") from error
        yield tensors


def _tensors(file: BinaryIO, size_bytes: int) -> dict[str, Tensor]:
    length = int.from_bytes(file.read(8), "little")
    if length > min(_HEADER_BYTES_MAX, size_bytes):
        raise ValueError(f"a header of {length} bytes")
    header = json.loads(file.read(length))
    begin = 8 + length
    return {
        name: _tensor(facts, file, begin, size_bytes)
        for name, facts in header.items()
        if name != "__metadata__" and facts["dtype"] == "F32"
    }


def _tensor(facts: dict[str, Any], file: BinaryIO, begin: int, size_bytes: int) -> Tensor:
    start, end = (int(offset) for offset in facts["data_offsets"])
    tensor = Tensor(tuple(int(length) for length in facts["shape"]), file, begin + start)
    if not 0 <= start <= end <= size_bytes - begin or end - start != tensor.count * _FLOAT_BYTES:
        raise ValueError(f"a tensor of shape {tensor.shape} at {start} to {end}")
    return tensor
