"""Recorded outcomes of real models on public prompts, read as the sidecar would see them."""

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from dispatcher.core.classification import Classification, classify
from dispatcher.core.features import features_of, numbers
from dispatcher.core.priors import quality_of
from dispatcher.core.task import Complexity, Message, Role, TaskType
from dispatcher.learning.examples import Examples, Floats, Ints, ModelFacts, Requests
from dispatcher.learning.text import TextEncoder

_HELD_OUT = 0.30
_HIDDEN_SIZE_B = 70.0  # a model whose size is not known is taken for a large one


@dataclass(frozen=True, slots=True)
class Table:
    """Every model's outcome on every prompt; arrays are (prompts,) or (prompts, models).

    `topics` name the benchmark a prompt comes from: to make node keys and reference rows of, never a feature.
    `numbers` are what `core/features.py` makes of a prompt, `samples` what the text encoder gets.
    """

    name: str
    facts: tuple[ModelFacts, ...]
    hashes: Floats
    tasks: np.ndarray
    topics: np.ndarray
    samples: np.ndarray
    numbers: Floats
    prior: Floats
    quality: Floats
    cost_usd: Floats
    tokens_in: Floats
    tokens_out: Floats

    def take(self, keep: np.ndarray) -> "Table":
        """Keep some of the prompts: a mask, or places."""
        arrays = (name for name in self.__slots__ if name not in ("name", "facts"))
        return replace(self, **{name: getattr(self, name)[keep] for name in arrays})

    def halves(self) -> tuple["Table", "Table"]:
        """Split by the SHA-256 of each prompt: 70 % to fit, 30 % to measure on; the same for ever."""
        return self.take(self.hashes >= _HELD_OUT), self.take(self.hashes < _HELD_OUT)

    def requests(self, encoder: TextEncoder) -> Requests:
        """The prompts as a ranker sees them."""
        vectors = np.array([encoder.encode(sample) for sample in self.samples])
        return Requests(self.numbers, vectors.astype(np.float64))

    def examples(self, encoder: TextEncoder, expected_cost: Floats) -> Examples:
        """All outcomes to learn from."""
        return Examples.matrix(self.requests(encoder), self.facts, self.prior, self.quality, expected_cost)

    def price_usd(self) -> Floats:
        """What each model charges a token."""
        return np.array([one.usd_per_mtok for one in self.facts]) / 1e6

    def __len__(self) -> int:
        return len(self.quality)


def load(folder: Path, name: str) -> Table:
    """Read one table: `NAME.prompts.parquet`, `NAME.outcomes.parquet` and `NAME.models.csv`."""
    prompts = pq.read_table(folder / f"{name}.prompts.parquet").to_pydict()
    outcomes = pq.read_table(folder / f"{name}.outcomes.parquet").to_pydict()
    facts = _facts(folder / f"{name}.models.csv")
    row = _places(prompts["prompt_id"])
    column = _places([one.model_id for one in facts])
    at = (
        np.array([row[one] for one in outcomes["prompt_id"]]),
        np.array([column[one] for one in outcomes["model"]]),
    )
    texts = [features_of([Message(Role.USER, prompt)]) for prompt in prompts["prompt"]]
    asked = zip(prompts["task_type"], texts, strict=True)
    work = [classify(TaskType(task), Complexity.AUTO, text) for task, text in asked]
    priors = [quality_of(one.parameters_b) for one in facts]
    wide = {
        name: _wide(at, outcomes[name], (len(row), len(column)))
        for name in ("quality", "cost_usd", "tokens_in", "tokens_out")
    }
    return Table(
        name=name,
        facts=facts,
        hashes=np.array([_hash(prompt) for prompt in prompts["prompt"]]),
        tasks=np.array(prompts["task_type"]),
        topics=np.array(prompts["category"]),
        samples=np.array([text.sample for text in texts], object),
        numbers=np.array([numbers(text, *_kind(one)) for text, one in zip(texts, work, strict=True)]),
        prior=np.array([[prior.of(*_kind(one)) for prior in priors] for one in work]),
        quality=wide["quality"],
        cost_usd=wide["cost_usd"],
        tokens_in=wide["tokens_in"][:, 0],
        tokens_out=wide["tokens_out"],
    )


def _facts(path: Path) -> tuple[ModelFacts, ...]:
    with path.open() as file:
        return tuple(
            ModelFacts(
                row["model"],
                float(row["params_b"]) or _HIDDEN_SIZE_B,
                float(row["active_b"]) or _HIDDEN_SIZE_B,
                float(row["usd"]),
                0.9,
            )
            for row in csv.DictReader(file)
        )


def _kind(work: Classification) -> tuple[TaskType, Complexity]:
    return work.task_type, work.complexity


def _places(names: Sequence[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _wide(at: tuple[Ints, Ints], values: Sequence[float], shape: tuple[int, int]) -> Floats:
    found = np.full(shape, np.nan)
    found[at] = np.array(values, np.float64)
    if np.isnan(found).any():
        raise ValueError("every model must have an outcome on every prompt")
    return found


def _hash(prompt: str) -> float:
    return int(hashlib.sha256(prompt.encode()).hexdigest()[:8], 16) / 2**32
