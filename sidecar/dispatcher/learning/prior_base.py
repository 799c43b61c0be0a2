"""The shipped prior with the typical requests of its making: what learning here begins from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dispatcher.core.features import RequestFeatures
from dispatcher.learning.arrays import dump_arrays, floats, load_arrays
from dispatcher.learning.examples import Floats, ModelFacts, Requests
from dispatcher.learning.landmarks import Landmarks
from dispatcher.learning.shipped import FOLDER, ShippedPrior, load_shipped_prior
from dispatcher.learning.text import TextEncoder

_FILE = "landmarks.json"
_ARRAYS = ("mean", "scale", "centres", "whiten")


@dataclass(frozen=True, slots=True)
class PriorBase:
    """Expects what public outcomes say of a model's size and a text; places requests among the public ones."""

    shipped: ShippedPrior
    landmarks: Landmarks

    @property
    def encoder(self) -> TextEncoder:
        """What texts are placed with."""
        return self.shipped.encoder

    def place(self, request: RequestFeatures) -> Floats:
        """Where one request lies among typical ones. Shape (landmarks,)."""
        place: Floats = self.landmarks.place(Requests.of((request,)))[0]
        return place

    def predict_at(self, request: RequestFeatures, place: Floats, facts: Sequence[ModelFacts]) -> Floats:
        """Expected quality, 0 to 1, of each candidate. Shape (candidates,)."""
        return self.shipped.predict(request, facts)


def save_landmarks(landmarks: Landmarks, folder: Path) -> None:
    """Write the typical requests beside a shipped prior."""
    (folder / _FILE).write_bytes(dump_arrays({name: getattr(landmarks, name).round(6) for name in _ARRAYS}))


def load_prior_base(folder: Path = FOLDER) -> PriorBase:
    """Read what comes with the package.

    Raises: ValueError when its files don't belong to this version; OSError or ImportError without LightGBM.
    """
    arrays = load_arrays((folder / _FILE).read_bytes())
    return PriorBase(load_shipped_prior(folder), Landmarks(*(floats(arrays[name]) for name in _ARRAYS)))
