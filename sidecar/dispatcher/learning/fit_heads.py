"""Fits the heads on an installation's own log, and keeps those that beat the shrunken ratios on its last quarter."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import nan

import lightgbm
import numpy as np
from numpy.typing import NDArray

from dispatcher.core.outcome import FinishReason
from dispatcher.core.task import ModelId
from dispatcher.core.timed_outcome import Pace, TimedOutcome
from dispatcher.learning.columns import REALS, STEPS, TASKS, WHOLES, Dataset
from dispatcher.learning.heads import FEATURES, PARTS, RISES_WITH, SPREAD, look_back, row_of, sd_of
from dispatcher.learning.paces import Paces, work_key
from dispatcher.learning.treetext import without_parameters

ROWS_MIN = 300
_ROWS_MAX = 30_000  # the latest; more of the same machine say nothing new
_CHECKED = 0.25
_ROUNDS = 40
_SURE = 1.64  # standard errors: one-sided 95 %
_GAIN_MIN = 0.05  # of the loss: each head takes 40 µs for ten models, on every dispatch
_Z90 = 1.2815515655446004
_PARAMETERS = {
    "objective": "huber",
    "alpha": 1.0,
    "learning_rate": 0.12,
    "num_leaves": 12,
    "min_child_samples": 40,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
    "seed": 1,
}

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FittedHeads:
    """Texts of the heads that are worth having, by name, and each head's gain in loss on what it hadn't seen."""

    texts: dict[str, str]
    gains: dict[str, float]
    rows: int


def fit_heads(data: Dataset) -> FittedHeads:
    """Replay the log as serving would have seen it, and fit what remains unexplained."""
    rows, known, seen = _replayed(data)
    texts: dict[str, str] = {}
    gains: dict[str, float] = {}
    for place, part in enumerate(PARTS):
        has = np.isfinite(seen[:, place])
        if int(has.sum()) >= ROWS_MIN:
            found = _fit_part(part, rows[has], known[has, place], seen[has, place])
            texts |= found.texts
            gains |= found.gains
    return FittedHeads(texts, gains, len(rows))


def _fit_part(part: str, rows: _Floats, known: _Floats, off: _Floats) -> FittedHeads:
    """Middle first, then spread about it; each stays only if it beats what is there without it."""
    split = int(len(rows) * (1.0 - _CHECKED))
    old, new = slice(0, split), slice(split, None)
    texts: dict[str, str] = {}
    gains: dict[str, float] = {}
    middle = _fit(part, rows[old], off[old])
    guess = np.asarray(middle.predict(rows, num_threads=1))
    gains[part] = _gain(off[new], (np.zeros(len(rows) - split), known[new]), (guess[new], known[new]))
    if gains[part] > 0.0:
        texts[part] = _text(_fit(part, rows, off))
    else:
        guess = np.zeros(len(rows))
    spread = _fit(part, rows[old], np.abs(off - guess)[old])
    wide = sd_of(np.asarray(spread.predict(rows, num_threads=1)))
    gains[part + SPREAD] = _gain(off[new], (guess[new], known[new]), (guess[new], wide[new]))
    if gains[part + SPREAD] > 0.0:
        texts[part + SPREAD] = _text(_fit(part, rows, np.abs(off - guess)))
    return FittedHeads(texts, gains, len(rows))


def _gain(off: _Floats, before: tuple[_Floats, _Floats], after: tuple[_Floats, _Floats]) -> float:
    """The share of the loss that a head takes away; 0 where it isn't sure that it does, or too little."""
    was, now = (_loss(off, *one) for one in (before, after))
    better = was - now
    share = float(better.mean() / was.mean()) if was.mean() > 0 else 0.0
    is_sure = float(better.mean()) > _SURE * float(better.std()) / len(better) ** 0.5
    return round(share, 4) if is_sure and share >= _GAIN_MIN else 0.0


def _loss(off: _Floats, middle: _Floats, sd: _Floats) -> _Floats:
    """Pinball loss of P50 and P90 together."""
    loss: _Floats = np.zeros(len(off))
    for chance, at in ((0.5, middle), (0.9, middle + _Z90 * sd)):
        late = off - at
        loss = loss + np.maximum(chance * late, (chance - 1.0) * late)
    return loss


def _fit(part: str, rows: _Floats, wanted: _Floats) -> lightgbm.Booster:
    rises = [int(name in RISES_WITH[part]) for name in FEATURES]
    return lightgbm.train(_PARAMETERS | {"monotone_constraints": rises}, lightgbm.Dataset(rows, wanted), _ROUNDS)


def _text(booster: lightgbm.Booster) -> str:
    return without_parameters(booster.model_to_string())


def _replayed(data: Dataset) -> tuple[_Floats, _Floats, _Floats]:
    """Each outcome as it stood before it was learned: the heads' features, known spreads, and how far it was off."""
    paces = Paces()
    rows: list[tuple[float, ...]] = []
    known: list[list[float]] = []
    seen: list[list[float]] = []
    for outcome in _outcomes(data):
        ratios = paces.ratios(outcome.model_id, outcome.node, work_key(outcome.task_type, outcome.complexity))
        measured = paces.learn(outcome, ratios)
        rows.append(row_of(look_back(outcome), ratios))
        known.append([one.sd for one in ratios])
        seen.append([nan if value is None else value - one.mean for value, one in zip(measured, ratios, strict=True)])
    last = slice(-_ROWS_MAX, None)
    shape = (-1, len(PARTS))
    return (
        np.array(rows[last]).reshape(-1, len(FEATURES)),
        np.array(known[last]).reshape(shape),
        np.array(seen[last]).reshape(shape),
    )


def _outcomes(data: Dataset) -> Iterator[TimedOutcome]:
    """The timed lessons as outcomes again."""
    for reals, wholes in zip(data.reals.tolist(), data.wholes.tolist(), strict=True):
        real, whole = dict(zip(REALS, reals, strict=True)), dict(zip(WHOLES, wholes, strict=True))
        if not whole["is_timed"]:
            continue
        model = data.models[whole["model"]]
        reading_s, token_s = real["reading_s"], real["token_s"]
        yield TimedOutcome(
            model_id=ModelId(model.model_id),
            task_type=TASKS[whole["task"]],
            complexity=STEPS[whole["step"]],
            node=data.nodes[whole["node"]],
            prompt_tokens=whole["prompt_tokens"],
            completion_tokens=whole["completion_tokens"],
            finish_reason=FinishReason.LENGTH if whole["was_cut"] else FinishReason.STOP,
            prefill_s=reading_s if reading_s == reading_s else 0.0,  # 0: nothing tells
            decode_s=token_s * whole["completion_tokens"] if token_s == token_s else 0.0,
            first_token_s=None,
            total_s=real["total_s"],
            threads=whole["threads"],
            at_once=whole["at_once"],
            load_s=0.0,
            max_tokens=whole["max_tokens"],
            pace=Pace(real["read_token_s"], real["write_token_s"], model.parameters_b),
        )
