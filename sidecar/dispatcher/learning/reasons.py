"""Why one model is expected to answer better than another: parts that add up to the difference, and those in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from dispatcher.core.features import FEATURES, RequestFeatures
from dispatcher.learning.boosting import boosting_rows
from dispatcher.learning.examples import Floats, ModelFacts, Requests
from dispatcher.learning.quality import SMOOTH_SHARE, QualityModel

_LEAST = 0.005  # differences of quality that aren't worth a word


class Ground(StrEnum):
    """What speaks for a model."""

    WORK = "work"
    TEXT = "text"
    LENGTH = "length"
    MODEL = "model"
    HERE = "here"
    NODE = "node"


_WORDS = {
    Ground.WORK: "how it does at this kind of work",
    Ground.TEXT: "how it does at texts like this one",
    Ground.LENGTH: "the prompt's length",
    Ground.MODEL: "its size and price class",
    Ground.HERE: "what was said of its answers here",
    Ground.NODE: "how its answers at this node were",
}
_LENGTHS = frozenset({"chars", "lines", "turns", "complexity"})
_OF_MODEL = (Ground.MODEL,) * 5 + (
    Ground.WORK,
    Ground.TEXT,
)  # name and facts; then the table's word and the smooth part's
_GROUNDS = (
    *(
        Ground.WORK if name.startswith("task_") else Ground.LENGTH if name in _LENGTHS else Ground.TEXT
        for name, _unit in FEATURES
    ),
    *_OF_MODEL,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """How much of the difference in expected quality has this ground; negative when it speaks for the other model."""

    ground: Ground
    gain: float


def reasons(
    model: QualityModel,
    request: RequestFeatures,
    pair: tuple[ModelFacts, ModelFacts],
    here: tuple[float, float] = (0.0, 0.0),
    node: tuple[float, float] = (0.0, 0.0),
) -> tuple[Reason, ...]:
    """Take apart what the first model of a pair is expected to do better than the second, the largest part first.

    Args:
        here, node: what was added to each one's quality by what was learned online, and then by the node's history.
    Returns: parts that add up to the difference, before it is cut off at 0 and 1.
    """
    parts = _parts(model, request, pair)
    parts[Ground.HERE] = np.array(here)
    parts[Ground.NODE] = np.array(node)
    found = [Reason(ground, float(part[0] - part[1])) for ground, part in parts.items()]
    return tuple(sorted(found, key=lambda reason: -abs(reason.gain)))


def in_words(found: Sequence[Reason], other: str) -> str:
    """Name what speaks most for the chosen model, and what speaks most against it; "" when nothing is worth a word."""
    pro = [reason for reason in found if reason.gain >= _LEAST]
    contra = [reason for reason in found if reason.gain <= -_LEAST]
    if not pro:
        return ""
    most = f"mostly because of {_WORDS[pro[0].ground]} ({pro[0].gain:+.2f} quality against {other})"
    return f"{most}, in spite of {_WORDS[contra[0].ground]} ({contra[0].gain:+.2f})" if contra else most


def _parts(model: QualityModel, request: RequestFeatures, pair: Sequence[ModelFacts]) -> dict[Ground, Floats]:
    """What each ground gives each model, beyond what all models begin with."""
    places = {one.model_id: place for place, one in enumerate(model.facts)}
    index = np.array([places.get(one.model_id, -1) for one in pair])
    known = np.array([(one.parameters_b, one.active_b, one.usd_per_mtok, one.prior_quality) for one in pair])
    requests = Requests.of([request] * len(pair))
    table = model.table.values(index, requests.tasks, known[:, 3])
    parts = {ground: np.zeros(len(pair)) for ground in Ground}
    if not model.is_trusted:
        return parts | {Ground.WORK: table}
    smooth = model.smooth.values(model.landmarks.place(requests), index)
    parts[Ground.WORK] += SMOOTH_SHARE * table
    parts[Ground.TEXT] += SMOOTH_SHARE * smooth
    rows = boosting_rows(requests.numbers, index, known, table, table + smooth)
    for ground, part in zip(_GROUNDS, _boosted(model, rows).T, strict=True):
        parts[ground] += (1.0 - SMOOTH_SHARE) * part
    return parts


def _boosted(model: QualityModel, rows: Floats) -> Floats:
    """Contributions in quality, not in log odds: each row's are scaled to what they come to together. (n, width)."""
    raw = model.booster.contributions(rows)
    start, moves = raw[:, -1], raw[:, :-1]
    total = moves.sum(1)
    span = _chance(start + total) - _chance(start)
    slope = np.where(np.abs(total) > 1e-9, span / np.where(total == 0.0, 1.0, total), 0.25)
    scaled: Floats = moves * slope[:, None]
    return scaled


def _chance(log_odds: Floats) -> Floats:
    chance: Floats = 1.0 / (1.0 + np.exp(-log_odds))
    return chance
