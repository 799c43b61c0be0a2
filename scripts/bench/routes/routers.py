"""The routers that are compared: ours, as it serves, and plain ones beside it. Each gives expected qualities."""

from collections.abc import Callable

import numpy as np

from dispatcher.learning.examples import Floats
from dispatcher.learning.lsa import fit_text_encoder
from dispatcher.learning.quality import QualityModel
from dispatcher.learning.text import TextEncoder
from dispatcher.learning.words import BUCKET_BITS, buckets_of
from scripts.bench.routes.data import Table

WIDTH = 40
_NEIGHBOURS = 40

Router = Callable[[Table, Table], Floats]


def encoder_of(fit: Table, seed: int = 0) -> TextEncoder:
    """The text encoder, from the texts of the fit part alone."""
    return fit_text_encoder(list(fit.samples), WIDTH, seed)


def ours(fit: Table, judged: Table, encoder: TextEncoder, seed: int = 0, *, is_guarded: bool = True) -> Floats:
    """What the sidecar's own classes expect."""
    model = QualityModel.fit(fit.examples(encoder, expected_cost(fit, fit)), seed, is_guarded=is_guarded)
    return model.predict_many(judged.requests(encoder), judged.facts, judged.prior)


def ours_crossed(fit: Table, encoder: TextEncoder, folds: int, seed: int = 0) -> Floats:
    """The same for each prompt of the fit part, by a model that hasn't seen it."""
    fold = np.random.default_rng(seed).permutation(len(fit)) % folds
    found = np.empty_like(fit.quality)
    for one in range(folds):
        found[fold == one] = ours(fit.take(fold != one), fit.take(fold == one), encoder, seed)
    return found


def by_task(fit: Table, judged: Table) -> Floats:
    """The rule table: mean quality of each model at each task type."""
    return _means(fit, fit.tasks, judged.tasks)


def by_topic(fit: Table, judged: Table) -> Floats:
    """A reference that no router can be: it is told the benchmark a prompt comes from."""
    return _means(fit, fit.topics, judged.topics)


def by_neighbours(fit: Table, judged: Table) -> Floats:
    """Mean quality on the forty prompts with the most words in common, weighed by rareness."""
    known, asked = _bags(fit), _bags(judged)
    rareness = np.log((1 + len(fit)) / (1 + (known > 0).sum(0))) + 1
    known, asked = known * rareness, asked * rareness
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    near = asked @ known.T
    top = np.argpartition(-near, _NEIGHBOURS, 1)[:, :_NEIGHBOURS]
    weight = np.take_along_axis(near, top, 1) + 1e-3
    return (fit.quality[top] * weight[..., None]).sum(1) / weight.sum(1, keepdims=True)


def expected_cost(fit: Table, judged: Table) -> Floats:
    """What a call will cost: the price is known, the answer's length is the fit part's mean for model and task type."""
    length = _means(fit, fit.tasks, judged.tasks, fit.tokens_out)
    return (judged.tokens_in[:, None] + length) * judged.price_usd()


def _means(fit: Table, keys: np.ndarray, asked: np.ndarray, values: Floats | None = None) -> Floats:
    values = fit.quality if values is None else values
    means = {key: values[keys == key].mean(0) for key in np.unique(keys)}
    return np.array([means.get(key, values.mean(0)) for key in asked])


def _bags(table: Table) -> np.ndarray:
    bags = np.zeros((len(table), 1 << BUCKET_BITS), np.float32)
    for row, sample in zip(bags, table.samples, strict=True):
        row[buckets_of(sample)] = 1
    return bags
