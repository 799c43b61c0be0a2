"""What a training reads of each lesson, as columns: how an outcome looks as numbers, in one place."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatcher.core.features import WORK
from dispatcher.core.task import Complexity

STEPS = (Complexity.LOW, Complexity.MEDIUM, Complexity.HIGH)
TASKS = WORK

REALS = (
    "read_token_s",  # what the catalogue expects
    "write_token_s",
    "reading_s",  # what was measured; not a number where nothing tells
    "token_s",
    "total_s",
    "prior_quality",
    "quality",  # not a number where nobody knows
    "weight",
)
WHOLES = (
    "model",  # places in the lists of names
    "node",
    "task",
    "step",
    "prompt_tokens",
    "completion_tokens",
    "max_tokens",
    "threads",
    "at_once",
    "was_cut",
    "is_timed",
    "request",  # the row of numbers and vectors; -1 where the request wasn't looked at
)


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model's facts, as they were when the dataset was written."""

    model_id: str
    parameters_b: float
    usd_per_mtok: float


@dataclass(frozen=True, slots=True)
class Dataset:
    """Lessons in the order in which they ended.

    Args:
        reals, wholes: (n, len(REALS)) and (n, len(WHOLES)), the columns in those orders.
        numbers, vectors: (requests, features) and (requests, width) of those that were looked at.
        encoder: version of the vectors; features_version that of the numbers.
    """

    models: tuple[ModelRow, ...]
    nodes: tuple[str, ...]
    reals: NDArray[np.float64]
    wholes: NDArray[np.int64]
    numbers: NDArray[np.float32]
    vectors: NDArray[np.float32]
    features_version: int
    encoder: str

    def real(self, name: str) -> NDArray[np.float64]:
        """One column of numbers."""
        return self.reals[:, REALS.index(name)]

    def whole(self, name: str) -> NDArray[np.int64]:
        """One column of whole numbers."""
        return self.wholes[:, WHOLES.index(name)]

    def __len__(self) -> int:
        """How many lessons there are."""
        return len(self.reals)
