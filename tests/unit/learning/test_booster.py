"""The quick way to ask LightGBM, beside its own."""

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.learning.booster import FastBooster


def _boosters() -> tuple[lightgbm.Booster, FastBooster]:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((400, 5))
    rows[:, 2] = rng.integers(4, size=400)
    target = (rows[:, 0] + (rows[:, 2] == 1) > 0.3).astype(float)
    data = lightgbm.Dataset(rows, target, categorical_feature=[2])
    slow = lightgbm.train({"objective": "cross_entropy", "verbose": -1, "num_threads": 1, "seed": 1}, data, 20)
    return slow, FastBooster(slow.model_to_string())


_SLOW, _FAST = _boosters()
_NUMBER = st.floats(-1e6, 1e6) | st.just(float("nan"))


@given(st.lists(st.tuples(*[_NUMBER] * 5), min_size=1, max_size=20))
@settings(deadline=None)
def test_it_answers_as_lightgbm_does(rows: list[tuple[float, ...]]) -> None:
    np.testing.assert_array_equal(_FAST.predict(np.array(rows)), _SLOW.predict(np.array(rows)))


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="5 numbers a row, not 4"):
        _FAST.predict(np.zeros((1, 4)))


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ValueError, match="LightGBM"):
        FastBooster("hello")
