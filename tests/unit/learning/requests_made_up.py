"""Requests of four made-up topics, and models that are each good at some of them."""

import numpy as np

from dispatcher.core.features import RequestFeatures, features_of, numbers
from dispatcher.core.task import Complexity, Message, Role, TaskType
from dispatcher.learning.examples import Examples, Floats, ModelFacts, Requests
from dispatcher.learning.lsa import fit_text_encoder
from dispatcher.learning.text import TextEncoder

TOPICS = (
    "integral derivative matrix equation solve theorem",
    "python function list sort return index",
    "river mountain capital border country lake",
    "patient dose fever heart blood doctor",
)
SKILL = np.array([[0.9, 0.3, 0.3, 0.3], [0.3, 0.9, 0.3, 0.3], [0.6, 0.6, 0.75, 0.75]])
FACTS = (
    ModelFacts("mathy:7b", 7.0, 7.0, 0.2, 0.9),
    ModelFacts("coder:7b", 7.0, 7.0, 0.2, 0.9),
    ModelFacts("broad:8b", 8.0, 8.0, 0.2, 0.9),
)
_COST = np.array([1.0, 1.0, 1.1])


def prompts(count: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Make up prompts, and say each one's topic."""
    rng = np.random.default_rng(seed)
    topics = rng.integers(len(TOPICS), size=count)
    words = [TOPICS[topic].split() for topic in topics]
    return [" ".join(rng.choice(some, 12)) for some in words], topics


def seen(prompt: str, encoder: TextEncoder) -> RequestFeatures:
    """What a ranker sees of a prompt, made as in serving."""
    text = features_of([Message(Role.USER, prompt)])
    row = numbers(text, TaskType.QUESTION_ANSWERING, Complexity.LOW)
    return RequestFeatures(1, row, tuple(map(float, encoder.encode(text.sample))))


def encoder_of(some: list[str]) -> TextEncoder:
    return fit_text_encoder(some, 8, 1)


def outcomes(count: int, seed: int, encoder: TextEncoder, skill: Floats = SKILL) -> Examples:
    """Every model's outcome, right or wrong, on made-up prompts."""
    some, topics = prompts(count, seed)
    right = np.random.default_rng(seed + 1).random((count, len(FACTS))) < skill[:, topics].T
    rows = Requests.of([seen(one, encoder) for one in some])
    return Examples.matrix(rows, FACTS, np.full(right.shape, 0.9), right.astype(np.float64), np.tile(_COST, (count, 1)))
