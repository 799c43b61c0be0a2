"""Small rankers for tests."""

import functools
from pathlib import Path

import lightgbm
import numpy as np

from dispatcher.learning.artifact import Card, hashes_of, write_artifact
from dispatcher.learning.treetext import without_parameters

FEATURES = 4


@functools.cache
def a_model_text(trees: int = 3) -> str:
    """A small LightGBM model of four features, the last of them a category."""
    rng = np.random.default_rng(7)
    numbers = rng.normal(size=(300, FEATURES))
    numbers[:, 3] = rng.integers(0, 10, 300)
    wanted = numbers[:, 0] + numbers[:, 1] ** 2 + 4 * (numbers[:, 3] % 3)
    data = lightgbm.Dataset(numbers, wanted, categorical_feature=[3])
    settings = {"objective": "regression", "num_leaves": 6, "verbosity": -1, "num_threads": 1, "seed": 1}
    settings |= {"min_data_per_group": 5, "cat_smooth": 1.0}
    return without_parameters(lightgbm.train(settings, data, trees).model_to_string())


def a_card(files: dict[str, bytes], **changes: object) -> Card:
    """A card that fits the files."""
    values: dict[str, object] = {
        "created_at": 1.0,
        "rows": 300,
        "first_at": 0.0,
        "last_at": 1.0,
        "features": ("a", "b", "c", "d"),
        "features_version": "1",
        "metrics": {"loss": 0.1},
        "files": hashes_of(files),
        "inputs": {name: FEATURES for name in files if name.endswith(".txt")},
    }
    return Card(**{**values, **changes})  # type: ignore[arg-type]


def a_ranker(folder: Path, text: str | None = None) -> str:
    """A ranker on disk with one model; returns its card's hash."""
    files = {"model.txt": (text or a_model_text()).encode()}
    return write_artifact(folder, a_card(files), files)
