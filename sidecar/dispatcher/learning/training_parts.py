"""Trains the parts of a ranker: quality, and the heads of times; each only where there are outcomes enough."""

from dataclasses import dataclass

import numpy as np

from dispatcher.learning.columns import Dataset
from dispatcher.learning.examples import Examples, ModelFacts, Requests
from dispatcher.learning.fit_heads import fit_heads
from dispatcher.learning.heads import FEATURES as HEAD_FEATURES
from dispatcher.learning.quality import QualityModel
from dispatcher.learning.treetext import without_parameters

JUDGED_MIN = 300
_QUALITY_TEXT = "quality.txt"


@dataclass(frozen=True, slots=True)
class TrainedParts:
    """A ranker's files by name, how many features each LightGBM text takes, and what to say of them."""

    files: dict[str, bytes]
    inputs: dict[str, int]
    metrics: dict[str, float]


def trained_parts(data: Dataset, seed: int) -> TrainedParts:
    """Train what can be trained; no files where there is too little of everything."""
    heads = fit_heads(data)
    files = {f"times_{name}.txt": text.encode() for name, text in heads.texts.items()}
    inputs = dict.fromkeys(files, len(HEAD_FEATURES))
    metrics = {f"times_{name}_gain": gain for name, gain in heads.gains.items()} | {"timed_rows": float(heads.rows)}
    examples = judged(data)
    metrics["judged_rows"] = float(len(examples.quality))
    if len(examples.quality) >= JUDGED_MIN:
        model = QualityModel.fit(examples, seed)
        parts = model.parts()
        parts[_QUALITY_TEXT] = without_parameters(parts[_QUALITY_TEXT].decode()).encode()
        files |= parts
        inputs[_QUALITY_TEXT] = model.booster.width
        metrics["quality_is_trusted"] = float(model.is_trusted)
    return TrainedParts(files, inputs, metrics)


def judged(data: Dataset) -> Examples:
    """The lessons whose quality is known and whose request was looked at."""
    request, quality = data.whole("request"), data.real("quality")
    keep = (request >= 0) & np.isfinite(quality)
    facts = tuple(
        ModelFacts(one.model_id, one.parameters_b, one.parameters_b, one.usd_per_mtok, 0.5) for one in data.models
    )
    prices = np.array([one.usd_per_mtok or one.parameters_b for one in data.models])
    return Examples(
        Requests(data.numbers.astype(np.float64), data.vectors.astype(np.float64)),
        facts,
        request[keep].astype(np.intp),
        data.whole("model")[keep].astype(np.intp),
        data.real("prior_quality")[keep],
        quality[keep],
        data.real("weight")[keep],
        prices[data.whole("model")[keep]],
        np.arange(len(data.numbers)),
    )
