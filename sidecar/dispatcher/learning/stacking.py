"""What each part of the quality model says of outcomes that it hasn't seen: for the next part, and for the guard."""

import numpy as np

from dispatcher.learning.booster import FastBooster
from dispatcher.learning.boosting import fit_booster
from dispatcher.learning.examples import Examples, Floats, Ints
from dispatcher.learning.smooth import SmoothResidual
from dispatcher.learning.task_table import TaskTable

FOLDS = 4


def fit_simple(examples: Examples, places: Floats) -> tuple[TaskTable, SmoothResidual]:
    """Fit the rule table and the smooth part; `places` are the requests', (n, landmarks)."""
    table = TaskTable.fit(examples)
    expected = table.values(examples.model, examples.requests.tasks[examples.request], examples.prior)
    return table, SmoothResidual.fit(
        places[examples.request],
        examples.model,
        examples.quality - expected,
        examples.weight,
        len(examples.facts),
    )


def unseen_simple(examples: Examples, places: Floats, fold: Ints) -> tuple[Floats, Floats]:
    """What table and smooth part say of each outcome when fitted without its fold."""
    table, smooth = np.empty(len(fold)), np.empty(len(fold))
    tasks = examples.requests.tasks[examples.request]
    for one in range(FOLDS):
        out = fold == one
        fitted_table, fitted_smooth = fit_simple(examples.only(~out), places)
        table[out] = fitted_table.values(examples.model[out], tasks[out], examples.prior[out])
        smooth[out] = fitted_smooth.values(places[examples.request[out]], examples.model[out])
    return table, smooth


def unseen_boosted(rows: Floats, examples: Examples, fold: Ints, seed: int) -> Floats:
    """What LightGBM says of each outcome when fitted without its fold."""
    found = np.empty(len(fold))
    for one in range(FOLDS):
        out = fold == one
        text = fit_booster(rows[~out], examples.quality[~out], examples.weight[~out], seed)
        found[out] = FastBooster(text).predict(rows[out])
    return found
