"""Whether complexity can be learned from how well models did on public prompts; the answer so far is no."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
from scipy.sparse import csr_matrix, hstack

from dispatcher.core.classification import complexity_of, words_of
from dispatcher.core.task import Complexity, TaskType
from dispatcher.learning.task_guess import KINDS
from scripts.tasking.examples import SOURCES, Example, example, place_of
from scripts.tasking.fit import design_of, softmax

_LEVELS = (Complexity.LOW, Complexity.MEDIUM, Complexity.HIGH)
_FOLDS = 5
_MAX = 700  # of one source and task type


def complexity_report(folder: Path, own: Sequence[Example]) -> dict[str, float]:
    """Compare rules and a fit to public outcomes, where it was fitted and where it would serve.

    Public prompts are labelled by terciles of the models' mean quality, own instructions by who wrote them.
    """
    public = {source: _labelled(folder, source) for source in SOURCES}
    everything = [one for part in public.values() for one in part]
    tried = [
        (_taught([one for one in everything if _fold(one) != fold], inside), inside)
        for fold in range(_FOLDS)
        if (inside := [one for one in everything if _fold(one) == fold])
    ]
    elsewhere = [
        (_taught([one for other in SOURCES if other != source for one in public[other]], part), part)
        for source, part in public.items()
    ]
    return {
        "public_rules": _right([(_ruled(everything), everything)]),
        "public_cross_validated": _right(tried),
        "public_from_other_sources": _right(elsewhere),
        "own_rules": _right([(_ruled(own), own)]),
        "own_from_public": _right([(_taught(everything, own), own)]),
    }


def _labelled(folder: Path, source: str) -> list[Example]:
    qualities: dict[str, list[float]] = defaultdict(list)
    for row in parquet.read_table(folder / f"{source}.outcomes.parquet", columns=["prompt_id", "quality"]).to_pylist():
        qualities[row["prompt_id"]].append(row["quality"])
    by_task: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for row in parquet.read_table(folder / f"{source}.prompts.parquet").to_pylist():
        by_task[row["task_type"]].append((row["prompt"], float(np.mean(qualities[row["prompt_id"]]))))
    found = []
    for task_type, prompts in sorted(by_task.items()):
        hard, easy = np.quantile([quality for _, quality in prompts], [1 / 3, 2 / 3])
        for prompt, quality in random.Random(source).sample(prompts, min(_MAX, len(prompts))):  # noqa: S311 - a choice
            level = Complexity.LOW if quality > easy else Complexity.MEDIUM if quality > hard else Complexity.HIGH
            found.append(example(TaskType(task_type), level, prompt, 1.0, place_of(prompt), is_own=False))
    return found


def _taught(known: Sequence[Example], asked: Sequence[Example]) -> list[Complexity]:
    right = np.array([_LEVELS.index(one.complexity) for one in known])
    table = softmax(_design(known), right, np.array([one.weight for one in known]), len(_LEVELS))
    return [_LEVELS[int(place)] for place in (_design(asked) @ table).argmax(1)]


def _design(examples: Sequence[Example]) -> csr_matrix:
    """Everything that a task type is told by, the task type itself, and what the rules say."""
    ruled = np.eye(len(_LEVELS))[[_LEVELS.index(level) for level in _ruled(examples)]]
    kinds = np.eye(len(KINDS))[[KINDS.index(one.task_type) for one in examples]]
    return csr_matrix(hstack([design_of(examples), csr_matrix(kinds), csr_matrix(ruled)]))


def _ruled(examples: Iterable[Example]) -> list[Complexity]:
    return [complexity_of(one.task_type, one.text, words_of(one.text)) for one in examples]


def _right(told: Iterable[tuple[Sequence[Complexity], Sequence[Example]]]) -> float:
    pairs = [
        (level is one.complexity, one.weight) for levels, part in told for level, one in zip(levels, part, strict=True)
    ]
    return round(float(np.average([right for right, _ in pairs], weights=[weight for _, weight in pairs])), 4)


def _fold(one: Example) -> int:
    return int(one.place * 1e6) % _FOLDS
