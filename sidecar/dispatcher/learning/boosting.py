"""The LightGBM part of the quality model: its rows, and how it is fitted."""

import numpy as np

from dispatcher.learning.examples import Examples, Floats, Ints

_PARAMETERS = {
    "objective": "cross_entropy",
    "learning_rate": 0.05,
    "min_child_samples": 60,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "cat_smooth": 20.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}
_ROUNDS = 150
_LEAVES_MIN, _LEAVES_MAX = 8, 31
_OUTCOMES_PER_LEAF = 400  # with few outcomes, many leaves would follow chance
MODEL_COLUMNS = 7


def boosting_rows(numbers: Floats, model: Ints, known: Floats, table: Floats, smooth: Floats) -> Floats:
    """Put a row together for each outcome: the request's numbers, the model's facts, what simpler parts say of both.

    Args:
        numbers: (m, FEATURES).
        model: (m,) the model's place, -1 when it has no outcome.
        known: (m, 4) parameters_b, active_b, usd_per_mtok, prior quality.
        table, smooth: (m,) from the rule table and the smooth part; in fitting, of models that haven't seen the row.
    """
    name = np.where(model >= 0, model, np.nan)
    return np.concatenate((numbers, np.column_stack((name, known, table, smooth))), 1)


def known_of(examples: Examples) -> Floats:
    """List the models' facts for each outcome, as `boosting_rows` takes them."""
    facts = np.array([(one.parameters_b, one.active_b, one.usd_per_mtok) for one in examples.facts])
    return np.column_stack((facts[examples.model], examples.prior))


def fit_booster(rows: Floats, quality: Floats, weight: Floats, seed: int) -> str:
    """Fit one booster; returns it in LightGBM's text format."""
    import lightgbm  # not needed to serve

    data = lightgbm.Dataset(rows, quality, weight=weight, categorical_feature=[rows.shape[1] - MODEL_COLUMNS])
    leaves = min(_LEAVES_MAX, max(_LEAVES_MIN, len(rows) // _OUTCOMES_PER_LEAF))
    booster = lightgbm.train(_PARAMETERS | {"seed": seed, "num_leaves": leaves}, data, _ROUNDS)
    text: str = booster.model_to_string()
    return text
