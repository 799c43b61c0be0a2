"""LightGBM's corrections of times: kept only where they pay, and never against physics."""

from pathlib import Path

import numpy as np
import pytest

from dispatcher.learning.fit_heads import fit_heads
from dispatcher.learning.heads import FEATURES, Heads, Look, look_at, look_back, row_of
from dispatcher.learning.paces import Paces
from dispatcher.learning.times import TimeForecaster
from dispatcher.learning.treetext import check_trees
from tests.unit.core.builders import spec
from tests.unit.learning.lessons import a_dataset, lessons
from tests.unit.learning.outcomes import a_question, a_work, an_outcome


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Heads of a machine that takes the longer for each token, the longer the prompt."""
    folder = tmp_path_factory.mktemp("heads")
    return fit_heads(a_dataset(folder / "d", *lessons(1500, slower=lambda tokens: 1.0 + tokens / 800))).texts


def test_heads_that_explain_nothing_are_dropped(tmp_path: Path) -> None:
    assert fit_heads(a_dataset(tmp_path / "d", *lessons(800))).texts == {}


def test_too_few_outcomes_make_no_heads(tmp_path: Path) -> None:
    found = fit_heads(a_dataset(tmp_path / "d", *lessons(200, slower=lambda tokens: 1.0 + tokens / 800)))
    assert (found.texts, found.gains) == ({}, {})


def test_a_head_is_kept_where_it_beats_what_is_known_without(fitted: dict[str, str]) -> None:
    assert {"reading", "writing"} <= fitted.keys()
    assert "length" not in fitted
    for text in fitted.values():
        check_trees(text, len(FEATURES))


def test_forecasts_come_nearer_with_heads(fitted: dict[str, str]) -> None:
    plain, corrected = TimeForecaster(), TimeForecaster()
    corrected.use(Heads(fitted))
    errors = {"plain": 0.0, "corrected": 0.0}
    for lesson in lessons(600, slower=lambda tokens: 1.0 + tokens / 800, seed=2):
        timed = lesson.timed
        assert timed is not None
        for name, forecaster in (("plain", plain), ("corrected", corrected)):
            work = a_work(
                timed.prompt_tokens, task_type=timed.task_type, complexity=timed.complexity, context=lesson.context
            )
            (found,) = forecaster.times(work, [a_question(lesson.spec)])
            errors[name] += abs(np.log(found.run.p50 / timed.total_s))
            forecaster.learn(timed)
    assert errors["corrected"] < 0.85 * errors["plain"]


def test_a_longer_prompt_is_never_foretold_to_take_less_time(fitted: dict[str, str]) -> None:
    forecaster = TimeForecaster()
    forecaster.use(Heads(fitted))
    for lesson in lessons(50, slower=lambda tokens: 1.0 + tokens / 800):
        assert lesson.timed is not None
        forecaster.learn(lesson.timed)
    times = [forecaster.times(a_work(tokens), [a_question(spec())])[0].run.p50 for tokens in range(1, 6000, 37)]
    assert times == sorted(times)


def test_a_look_ahead_and_a_look_back_see_the_same() -> None:
    work, model = a_work(), spec()
    assert look_at(work, a_question(model)) == look_back(an_outcome(model, work))
    row = row_of(look_at(work, a_question(model)), Paces().ratios("m", "", ""))
    assert len(row) == len(FEATURES)


def test_heads_of_other_features_are_refused(fitted: dict[str, str]) -> None:
    other = fitted["reading"].replace(f"max_feature_idx={len(FEATURES) - 1}", f"max_feature_idx={len(FEATURES)}")
    for key, more in (("feature_names", "more"), ("feature_infos", "none"), ("monotone_constraints", "0")):
        other = other.replace(f"{key}=", f"{key}={more} ")
    with pytest.raises(ValueError, match="features"):
        Heads({"reading": other})


def test_without_heads_nothing_changes() -> None:
    ratios = Paces().ratios("m", "", "")
    assert Heads({}).corrected([Look(1, 1, 1, 1.0, 0, 0)], [ratios]) == [ratios]
