"""How good an answer each model would give to a request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dispatcher.core.features import FEATURES, RequestFeatures
from dispatcher.learning.arrays import dump_arrays, floats, load_arrays
from dispatcher.learning.booster import FastBooster
from dispatcher.learning.boosting import MODEL_COLUMNS, boosting_rows, fit_booster, known_of
from dispatcher.learning.examples import SIZES, TASKS, Examples, Floats, Ints, ModelFacts, Requests
from dispatcher.learning.guard import is_trusted
from dispatcher.learning.landmarks import Landmarks
from dispatcher.learning.smooth import SmoothResidual
from dispatcher.learning.stacking import FOLDS, fit_simple, unseen_boosted, unseen_simple
from dispatcher.learning.task_table import TaskTable

SMOOTH_SHARE = 0.6
"""How much the smooth part says; the booster says the rest."""


@dataclass(frozen=True, slots=True)
class QualityModel:
    """A rule table, and two opinions on how far to move from it: a smooth one and LightGBM's.

    Unless they are trusted (see `learning/guard.py`), the table answers alone.
    """

    facts: tuple[ModelFacts, ...]
    table: TaskTable
    landmarks: Landmarks
    smooth: SmoothResidual
    booster: FastBooster
    is_trusted: bool
    _places: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", {one.model_id: place for place, one in enumerate(self.facts)})

    @classmethod
    def fit(cls, examples: Examples, seed: int, *, is_guarded: bool = True) -> "QualityModel":
        """Learn from outcomes; the same examples and seed give the same model.

        Unless `is_guarded`, what was learned is trusted without a check.
        """
        landmarks = Landmarks.fit(examples.requests, seed)
        places = landmarks.place(examples.requests)
        fold = examples.folds(FOLDS, seed)
        table, smooth = unseen_simple(examples, places, fold)
        rows = boosting_rows(
            examples.requests.numbers[examples.request], examples.model, known_of(examples), table, table + smooth
        )
        checked = not is_guarded or is_trusted(
            examples, table, _blend(table + smooth, unseen_boosted(rows, examples, fold, seed)), seed
        )
        last_table, last_smooth = fit_simple(examples, places)
        return cls(
            examples.facts,
            last_table,
            landmarks,
            last_smooth,
            FastBooster(fit_booster(rows, examples.quality, examples.weight, seed)),
            checked,
        )

    def place(self, request: RequestFeatures) -> Floats:
        """Where one request lies among typical ones. Shape (landmarks,)."""
        return self.landmarks.place_one(request)

    def predict(self, request: RequestFeatures, facts: Sequence[ModelFacts]) -> Floats:
        """Expected quality, 0 to 1, of each candidate on one request. Shape (candidates,)."""
        return self.predict_at(request, self.place(request), facts)

    def predict_at(self, request: RequestFeatures, place: Floats, facts: Sequence[ModelFacts]) -> Floats:
        """The same, when it is known where the request lies."""
        model = np.array([self._places.get(one.model_id, -1) for one in facts])
        known = np.array([(one.parameters_b, one.active_b, one.usd_per_mtok, one.prior_quality) for one in facts])
        return self._answer(Requests.of((request,)), place[None], np.zeros(len(facts), np.intp), model, known)

    def predict_many(self, requests: Requests, facts: Sequence[ModelFacts], prior: Floats) -> Floats:
        """The same for many requests; `prior` and what is returned are (requests, candidates)."""
        each = np.array([(one.parameters_b, one.active_b, one.usd_per_mtok) for one in facts])
        known = np.column_stack((np.tile(each, (len(requests), 1)), prior.ravel()))
        model = np.tile([self._places.get(one.model_id, -1) for one in facts], len(requests))
        request = np.repeat(np.arange(len(requests)), len(facts))
        return self._answer(requests, self.landmarks.place(requests), request, model, known).reshape(prior.shape)

    def parts(self) -> dict[str, bytes]:
        """Take the model apart into files, by name: LightGBM's text, and JSON for the rest."""
        return {"quality.txt": self.booster.text.encode(), "quality.json": dump_arrays(self._rest())}

    @classmethod
    def from_parts(cls, parts: Mapping[str, bytes]) -> "QualityModel":
        """Put a model together again; ValueError when a file is missing or isn't what it should be."""
        try:
            text, rest = parts["quality.txt"].decode(), load_arrays(parts["quality.json"])
            facts = tuple(ModelFacts(str(name), *map(float, numbers)) for name, *numbers in rest["facts"])
            landmarks = Landmarks(*(floats(rest[name]) for name in ("mean", "scale", "centres", "whiten")))
            smooth = SmoothResidual(*(floats(rest[name]) for name in ("centre", "shared", "own")))
            table = TaskTable(float(rest["offset"]), floats(rest["sums"]), floats(rest["counts"]))
            is_checked = bool(rest["is_trusted"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a quality model: {error!r}") from error
        return cls(facts, table, landmarks, smooth, FastBooster(text), is_checked)._checked()

    def _rest(self) -> dict[str, object]:
        facts = [
            [one.model_id, one.parameters_b, one.active_b, one.usd_per_mtok, one.prior_quality] for one in self.facts
        ]
        return {
            "facts": facts,
            "is_trusted": self.is_trusted,
            **{name: getattr(self.table, name) for name in ("offset", "sums", "counts")},
            **{name: getattr(self.landmarks, name) for name in ("mean", "scale", "centres", "whiten")},
            **{name: getattr(self.smooth, name) for name in ("centre", "shared", "own")},
        }

    def _checked(self) -> "QualityModel":
        models, landmarks = len(self.facts), len(self.landmarks.centres)
        shapes = {
            "sums": (self.table.sums, (models, TASKS)),
            "counts": (self.table.counts, (models, TASKS)),
            "mean": (self.landmarks.mean, (SIZES,)),
            "scale": (self.landmarks.scale, (SIZES,)),
            "whiten": (self.landmarks.whiten, (landmarks, landmarks)),
            "shared": (self.smooth.shared, (landmarks,)),
            "own": (self.smooth.own, (models, landmarks)),
        }
        for name, (array, shape) in shapes.items():
            if array.shape != shape:
                raise ValueError(f"a quality model's {name} has the shape {array.shape}, not {shape}")
        if self.booster.width != len(FEATURES) + MODEL_COLUMNS:
            raise ValueError("a quality model's booster doesn't fit the features")
        return self

    def _answer(self, requests: Requests, places: Floats, request: Ints, model: Ints, known: Floats) -> Floats:
        table = self.table.values(model, requests.tasks[request], known[:, 3])
        if not self.is_trusted:
            return table
        smooth = table + self.smooth.values(places[request], model)
        boosted = self.booster.predict(boosting_rows(requests.numbers[request], model, known, table, smooth))
        return np.clip(_blend(smooth, boosted), 0.0, 1.0)


def _blend(smooth: Floats, boosted: Floats) -> Floats:
    return SMOOTH_SHARE * smooth + (1.0 - SMOOTH_SHARE) * boosted
