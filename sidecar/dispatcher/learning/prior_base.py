"""The shipped prior with the typical requests of its making: what learning here begins from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from dispatcher.core.features import WORK, RequestFeatures
from dispatcher.core.task import TaskType
from dispatcher.learning.arrays import dump_arrays, floats, load_arrays
from dispatcher.learning.examples import SIZES, Floats, ModelFacts, Requests
from dispatcher.learning.landmarks import Landmarks
from dispatcher.learning.shipped import FOLDER, ShippedPrior, load_shipped_prior
from dispatcher.learning.text import TextEncoder

_FILE = "base.json"
_ARRAYS = ("mean", "scale", "centres", "whiten")


@dataclass(frozen=True, slots=True)
class PriorBase:
    """Expects what public outcomes say of a model's size and a text; places requests among the public ones.

    Public prompts are exam questions, harder than what workflows ask: on average over them a kind of work is taken to
    be as hard as the catalogue says, so that only what tells prompts and models apart is learned from them.

    Args:
        usual: by how much public outcomes of a task type move the catalogue on average, in log odds.
    """

    shipped: ShippedPrior
    landmarks: Landmarks
    usual: Mapping[TaskType, float]

    @property
    def encoder(self) -> TextEncoder:
        """What texts are placed with."""
        return self.shipped.encoder

    def place(self, request: RequestFeatures) -> Floats:
        """Where one request lies among typical ones. Shape (landmarks,)."""
        return self.landmarks.place_one(request)

    def predict_at(self, request: RequestFeatures, place: Floats, facts: Sequence[ModelFacts]) -> Floats:
        """Expected quality, 0 to 1, of each candidate. Shape (candidates,)."""
        task = WORK[request.numbers[SIZES:].index(1.0)]
        return self.shipped.predict(request, facts, self.usual.get(task, 0.0))


def usual_moves(
    shipped: ShippedPrior, tables: Sequence[tuple[Requests, Sequence[ModelFacts]]]
) -> dict[TaskType, float]:
    """The mean of what a prior moves the catalogue by at each task type, over tables alike."""
    means: dict[TaskType, list[float]] = {}
    for requests, facts in tables:
        moves = shipped.moves(requests, facts).mean(1)
        for task in np.unique(requests.tasks):
            means.setdefault(WORK[task], []).append(float(moves[requests.tasks == task].mean()))
    return {task: sum(found) / len(found) for task, found in means.items()}


def save_base(landmarks: Landmarks, usual: Mapping[TaskType, float], folder: Path) -> None:
    """Write the typical requests, and how hard they are, beside a shipped prior."""
    arrays = {name: getattr(landmarks, name).round(6) for name in _ARRAYS}
    (folder / _FILE).write_bytes(dump_arrays({**arrays, "usual": {task.value: move for task, move in usual.items()}}))


@cache
def load_prior_base(folder: Path = FOLDER) -> PriorBase:
    """Read what comes with the package, once.

    Raises: ValueError when its files don't belong to this version; OSError or ImportError without LightGBM.
    """
    arrays = load_arrays((folder / _FILE).read_bytes())
    usual = {TaskType(task): float(move) for task, move in arrays["usual"].items()}
    return PriorBase(load_shipped_prior(folder), Landmarks(*(floats(arrays[name]) for name in _ARRAYS)), usual)
