"""A dataset for training as one file: a line of JSON, then plain arrays one after the other; nothing is pickled."""

import json
import os
from array import array
from math import nan
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dispatcher.core.features import FEATURES, FEATURES_VERSION, RequestFeatures
from dispatcher.core.lesson import Lesson
from dispatcher.learning.columns import REALS, STEPS, TASKS, WHOLES, Dataset, ModelRow

_HEAD_BYTES_MAX = 8 << 20
_NODES_MAX = 20_000
_OTHER_NODE = ""


class DatasetBroken(Exception):
    """The file isn't a dataset of this version."""


class DatasetWriter:
    """Collects lessons, oldest first, and writes them.

    Args:
        encoder: version of the text encoder; lessons with vectors of another width are taken without.
        width: how many numbers its vectors have.
    """

    def __init__(self, encoder: str, width: int) -> None:
        self._encoder = encoder
        self._width = width
        self._models: dict[str, tuple[int, ModelRow]] = {}
        self._nodes: dict[str, int] = {_OTHER_NODE: 0}
        self._reals = array("d")
        self._wholes = array("q")
        self._numbers = array("f")
        self._vectors = array("f")
        self._rows = 0
        self._requests = 0

    def __len__(self) -> int:
        """How many lessons were added."""
        return self._rows

    def add(self, lesson: Lesson) -> None:
        """Take in a lesson, if it teaches anything that is trained."""
        timed, label = lesson.timed, lesson.label
        is_judged = label.quality is not None and label.weight > 0
        if (timed is None and not is_judged) or lesson.task_type not in TASKS:
            return
        self._reals.extend(
            (
                timed.pace.read_token_s if timed else nan,
                timed.pace.write_token_s if timed else nan,
                _or_nan(timed.reading_s if timed else None),
                _or_nan(timed.token_s if timed else None),
                timed.total_s if timed else nan,
                lesson.spec.quality.of(lesson.task_type, lesson.complexity),
                _or_nan(label.quality if is_judged else None),
                label.weight if is_judged else 0.0,
            )
        )
        self._wholes.extend(
            (
                self._model(lesson),
                self._node(lesson.node),
                TASKS.index(lesson.task_type),
                STEPS.index(lesson.complexity),
                timed.prompt_tokens if timed else lesson.prompt_tokens,
                timed.completion_tokens if timed else 0,
                timed.max_tokens if timed else 0,
                timed.threads if timed else 0,
                timed.at_once if timed else 0,
                int(timed.was_cut) if timed else 0,
                int(timed is not None),
                self._request(lesson.features),
            )
        )
        self._rows += 1

    def write(self, path: Path) -> None:
        """Write what was added, anew."""
        head = {
            "models": [[row.model_id, row.parameters_b, row.usd_per_mtok] for _, row in self._models.values()],
            "nodes": list(self._nodes),
            "features_version": FEATURES_VERSION,
            "encoder": self._encoder,
        }
        with path.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(json.dumps(head).encode() + b"\n")
            _put(file, self._reals, "d", (self._rows, len(REALS)))
            _put(file, self._wholes, "q", (self._rows, len(WHOLES)))
            _put(file, self._numbers, "f", (self._requests, len(FEATURES)))
            _put(file, self._vectors, "f", (self._requests, self._width))

    def _model(self, lesson: Lesson) -> int:
        spec = lesson.spec
        row = ModelRow(spec.id, spec.parameters_b, spec.usd_per_mtok)
        return self._models.setdefault(spec.id, (len(self._models), row))[0]

    def _node(self, node: str) -> int:
        if len(self._nodes) >= _NODES_MAX:
            return self._nodes.get(node, 0)
        return self._nodes.setdefault(node, len(self._nodes))

    def _request(self, features: RequestFeatures | None) -> int:
        if (
            features is None
            or features.version != FEATURES_VERSION
            or len(features.text) != self._width
            or len(features.numbers) != len(FEATURES)
        ):
            return -1
        self._numbers.extend(features.numbers)
        self._vectors.extend(features.text)
        self._requests += 1
        return self._requests - 1


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    models: tuple[tuple[str, float, float], ...] = Field(max_length=1000)
    nodes: tuple[str, ...] = Field(max_length=_NODES_MAX)
    features_version: int
    encoder: str


def read_dataset(path: Path) -> Dataset:
    """Read a dataset.

    Raises: DatasetBroken.
    """
    try:
        with path.open("rb") as file:
            head = _Head.model_validate_json(file.readline(_HEAD_BYTES_MAX))
            arrays = [npy.read_array(file, allow_pickle=False) for _ in range(4)]
    except (OSError, ValueError, ValidationError, EOFError) as error:
        raise DatasetBroken(f"{path.name} can't be read: {error}") from error
    reals, wholes, numbers, vectors = arrays
    if reals.shape[1:] != (len(REALS),) or wholes.shape != (len(reals), len(WHOLES)) or len(numbers) != len(vectors):
        raise DatasetBroken(f"{path.name} has arrays of other shapes")
    models = tuple(ModelRow(*row) for row in head.models)
    return Dataset(models, head.nodes, reals, wholes, numbers, vectors, head.features_version, head.encoder)


def _put(file: IO[bytes], values: "array[float] | array[int]", kind: str, shape: tuple[int, int]) -> None:
    flat: NDArray[np.generic] = np.frombuffer(values, kind) if values else np.empty(0, kind)
    npy.write_array(file, flat.reshape(shape), allow_pickle=False)


def _or_nan(value: float | None) -> float:
    return nan if value is None else value
