"""Fits softmax regression to examples: words, shapes and what the rules say, weighed against each other."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack

from dispatcher.learning.task_guess import KINDS, TaskWeights
from dispatcher.learning.task_words import ROWS
from scripts.tasking.examples import Example

_PENALTY = 2e-4  # of squared weights, per example; found by cross-validation among 1e-4 .. 3e-3
_ROWS_GAIN = 3.0  # words are penalised less than the few weights of the rules, which are shared by all prompts
_BIAS_GAIN = 0.3
_OWN_SHARE = 0.6  # of a task type's weight, where there are public prompts of it too
_STEPS_MAX = 150


def fit(examples: Sequence[Example], sure_from: float = 0.0) -> TaskWeights:
    """Fit to all of these, each task type with the same weight."""
    design, right = design_of(examples), np.array([KINDS.index(one.task_type) for one in examples])
    weight, kinds = _balanced(examples, right), len(KINDS)
    found = softmax(design, right, weight, kinds).astype(np.float32)
    rows, scores, leaders, bias = np.split(found, np.cumsum([ROWS, kinds, kinds]))
    common = (weight / weight.sum() @ (design[:, :ROWS] > 0)).astype(np.float32)
    return TaskWeights("", rows * _ROWS_GAIN, scores, leaders, bias[0] * _BIAS_GAIN, common, sure_from)


def softmax(
    design: csr_matrix, right: NDArray[np.int_], weight: NDArray[np.float64], labels: int
) -> NDArray[np.float64]:
    """Fit a table of weights. Shape (columns of the design, labels)."""
    share, truth = weight / weight.sum(), np.eye(labels)[right]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        table = flat.reshape(-1, labels)
        logits = design @ table
        logits -= logits.max(1, keepdims=True)
        odds = np.exp(logits)
        total = odds.sum(1, keepdims=True)
        likelihood = share @ (logits[np.arange(len(right)), right] - np.log(total[:, 0]))
        slope = design.T @ ((odds / total - truth) * share[:, None]) + _PENALTY * table
        return -likelihood + _PENALTY * float(flat @ flat) / 2, slope.ravel()

    start = np.zeros(design.shape[1] * labels)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS_MAX}).x
    return found.reshape(-1, labels)


def design_of(examples: Sequence[Example]) -> csr_matrix:
    """Lay out what each prompt switches on: rows, the rules' scores, their leader, and one for all."""
    counts = [len(one.rows) for one in examples]
    places = np.array([row for one in examples for row in one.rows])
    values = np.repeat([_ROWS_GAIN * max(count, 1) ** -0.5 for count in counts], counts)
    words = csr_matrix((values, places, np.cumsum([0, *counts])), (len(examples), ROWS))
    scores = np.array([[min(one.scores.get(kind, 0), 6) / 3 for kind in KINDS] for one in examples])
    leaders = np.eye(len(KINDS))[[KINDS.index(one.ruled) for one in examples]]
    bias = np.full((len(examples), 1), _BIAS_GAIN)
    return csr_matrix(hstack([words, csr_matrix(scores), csr_matrix(leaders), csr_matrix(bias)]))


def _balanced(examples: Sequence[Example], right: NDArray[np.int_]) -> NDArray[np.float64]:
    weight = np.array([one.weight for one in examples])
    is_own = np.array([one.is_own for one in examples])
    for kind in range(len(KINDS)):
        for part, share in ((is_own, _OWN_SHARE), (~is_own, 1 - _OWN_SHARE)):
            chosen = part & (right == kind)
            if chosen.any():
                weight[chosen] *= share / weight[chosen].sum()
    return weight
