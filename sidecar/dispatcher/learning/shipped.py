"""What to expect of a model that hasn't answered here: the catalogue, moved by what public outcomes say of a text."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from dispatcher.core.features import FEATURES, FEATURES_VERSION, WORK, RequestFeatures
from dispatcher.core.task import TaskType
from dispatcher.learning.booster import FastBooster
from dispatcher.learning.examples import SIZES, Examples, Floats, ModelFacts, Requests
from dispatcher.learning.families import FAMILIES, family_number
from dispatcher.learning.text import TextEncoder

FOLDER = Path(__file__).with_name("prior")

_ROUNDS = 120
_SIZE_COLUMN = len(FEATURES)
_FAMILY_COLUMN = _SIZE_COLUMN + 2
_TRAITS = 3  # two sizes and the family
_NAMELESS = 0.3  # share of outcomes whose family is hidden in fitting, for models of none
_LARGE_B = 40.0  # above, size alone says little: the catalogue ends at 30 billion
_PARAMETERS = {
    "objective": "cross_entropy",
    "boost_from_average": False,
    "learning_rate": 0.07,
    "num_leaves": 15,
    "min_child_samples": 200,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True)
class ShippedPrior:
    """A LightGBM model of how far, in log odds, public outcomes lie from the catalogue's quality for a model's size.

    It needs no model's name; a family that it knows helps. Within a family, and among models of none, larger ones are
    never expected to do worse. Sizes below `smallest_b` are taken for it: what is known of their smallness stands in
    the catalogue, and that all large ones are alike, too.

    Args:
        encoder: what texts were placed with, in fitting and from now on.
        tasks: task types with public outcomes; for others the catalogue answers alone.
        smallest_b: size of the smallest model learned from, in billions of parameters.
    """

    encoder: TextEncoder
    booster: FastBooster
    tasks: frozenset[TaskType]
    smallest_b: float

    @classmethod
    def fit(cls, encoder: TextEncoder, tables: Sequence[Examples], seed: int) -> "ShippedPrior":
        """Learn from outcomes of every table alike, however many it has."""
        import lightgbm  # not needed to serve

        rows = np.concatenate([_rows(one.requests.numbers, one.requests.vectors, one) for one in tables])
        rows[np.random.default_rng(seed).random(len(rows)) < _NAMELESS, _FAMILY_COLUMN] = np.nan
        quality = np.concatenate([one.quality for one in tables])
        weight = np.concatenate([one.weight / one.weight.sum() for one in tables]) * len(quality) / len(tables)
        start = _log_odds(np.concatenate([one.prior for one in tables]))
        monotone = [0] * rows.shape[1]
        monotone[_SIZE_COLUMN] = monotone[_SIZE_COLUMN + 1] = 1
        data = lightgbm.Dataset(rows, quality, weight=weight, init_score=start, categorical_feature=[_FAMILY_COLUMN])
        fitted = lightgbm.train(_PARAMETERS | {"seed": seed, "monotone_constraints": monotone}, data, _ROUNDS)
        seen = {int(task) for one in tables for task in np.unique(one.requests.tasks)}
        smallest = min(fact.parameters_b for one in tables for fact in one.facts)
        tasks = frozenset(WORK[task] for task in seen)
        return cls(encoder, FastBooster(fitted.model_to_string()), tasks, smallest)

    def predict(self, request: RequestFeatures, facts: Sequence[ModelFacts], less: float = 0.0) -> Floats:
        """Expected quality, 0 to 1, of each candidate; its text must be placed by this prior's encoder.

        Args:
            less: log odds to take off for all: what the public prompts are harder by than those of callers.
        """
        prior, log_odds, traits = _known(tuple(facts), self.smallest_b)
        if not any(request.numbers[SIZES + WORK.index(task)] for task in self.tasks):
            return prior
        rows = np.empty((len(facts), len(request.numbers) + _TRAITS + len(request.text)))
        rows[:, :_SIZE_COLUMN] = request.numbers
        rows[:, _SIZE_COLUMN : _SIZE_COLUMN + _TRAITS] = traits
        rows[:, _SIZE_COLUMN + _TRAITS :] = request.text
        moved: Floats = 1.0 / (1.0 + np.exp(less - log_odds - self.booster.predict(rows, raw=True)))
        return moved

    def predict_many(self, requests: Requests, facts: Sequence[ModelFacts], prior: Floats) -> Floats:
        """The same for many requests; `prior`, the catalogue's quality, and what is returned are (requests, models)."""
        known = np.isin(requests.tasks, [WORK.index(task) for task in self.tasks])
        if not known.any():
            return prior
        moved = _moved(prior, self.moves(requests, facts))
        return np.where(known[:, None], moved, prior)

    def moves(self, requests: Requests, facts: Sequence[ModelFacts]) -> Floats:
        """By how much it moves the catalogue, in log odds. Shape (requests, models)."""
        each = np.repeat(np.arange(len(requests)), len(facts))
        traits = np.tile(_traits(facts, self.smallest_b), (len(requests), 1))
        rows = np.concatenate((requests.numbers[each], traits, requests.vectors[each]), 1)
        moves: Floats = self.booster.predict(rows, raw=True).reshape(len(requests), len(facts))
        return moves

    def save(self, folder: Path, card: Mapping[str, object]) -> None:
        """Write the files of a shipped prior; `card` says what it was made of."""
        folder.mkdir(exist_ok=True)
        (folder / "prior.txt").write_text(self.booster.text, encoding="utf-8")
        (folder / "words.bin").write_bytes(self.encoder.to_bytes())
        own = {
            "features_version": FEATURES_VERSION,
            "features": [name for name, _ in FEATURES],
            "encoder": self.encoder.version,
            "tasks": sorted(self.tasks),
            "smallest_b": self.smallest_b,
            "families": FAMILIES,
        }
        text = json.dumps({**card, **own}, indent=1, ensure_ascii=False)
        (folder / "card.json").write_text(text + "\n", encoding="utf-8")


def load_shipped_prior(folder: Path = FOLDER) -> ShippedPrior:
    """Read a shipped prior; ValueError when its files don't belong to this version."""
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    if card["features_version"] != FEATURES_VERSION or card["features"] != [name for name, _ in FEATURES]:
        raise ValueError("the shipped prior was made for other features; run scripts/prior")
    encoder = TextEncoder.from_bytes(card["encoder"], (folder / "words.bin").read_bytes())
    booster = FastBooster((folder / "prior.txt").read_text(encoding="utf-8"))
    return ShippedPrior(encoder, booster, frozenset(map(TaskType, card["tasks"])), float(card["smallest_b"]))


def _rows(numbers: Floats, vectors: Floats, examples: Examples) -> Floats:
    traits = _traits(examples.facts, 0.0)
    return np.concatenate((numbers[examples.request], traits[examples.model], vectors[examples.request]), 1)


def _traits(facts: Sequence[ModelFacts], smallest_b: float) -> Floats:
    sizes = np.array([(one.parameters_b, one.active_b) for one in facts])
    family = np.array([float(family_number(one.model_id)) for one in facts])
    family[family < 0] = np.nan
    return np.column_stack((np.log(np.clip(sizes, smallest_b, _LARGE_B)), family))


@lru_cache(maxsize=256)
def _known(facts: tuple[ModelFacts, ...], smallest_b: float) -> tuple[Floats, Floats, Floats]:
    """The catalogue's quality, the same in log odds, and the traits, of models asked about again and again."""
    prior, traits = np.array([one.prior_quality for one in facts]), _traits(facts, smallest_b)
    prior.flags.writeable = traits.flags.writeable = False
    return prior, _log_odds(prior), traits


def _moved(prior: Floats, by: Floats) -> Floats:
    found: Floats = 1.0 / (1.0 + np.exp(-_log_odds(prior) - by))
    return found


def _log_odds(quality: Floats) -> Floats:
    safe = np.clip(quality, 1e-3, 1 - 1e-3)
    found: Floats = np.log(safe / (1 - safe))
    return found
