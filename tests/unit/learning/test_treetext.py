"""Texts of models that lie about themselves, told from those that don't."""

import contextlib
import re

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.learning.artifact import RankerBroken
from dispatcher.learning.treetext import check_trees, without_parameters
from tests.unit.learning.rankers import FEATURES, a_model_text


def _resized(text: str) -> str:
    """The same with sizes that fit: whoever changes a tree knows to do that too."""
    sizes = [len("Tree=") + len(block) for block in text.removesuffix("end of trees\n").split("Tree=")[1:]]
    return re.sub(r"tree_sizes=.*", "tree_sizes=" + " ".join(map(str, sizes)), text)


def _refused(text: str) -> None:
    with pytest.raises(RankerBroken):
        check_trees(_resized(text), FEATURES)


def _changed(pattern: str, new: str) -> str:
    changed = re.sub(pattern, new, a_model_text(), count=1, flags=re.MULTILINE)
    assert changed != a_model_text()
    return changed


def test_a_sound_model_is_taken_and_answers_as_it_did() -> None:
    check_trees(a_model_text(), FEATURES)
    assert lightgbm.Booster(model_str=a_model_text()).predict(np.zeros((1, FEATURES))).shape == (1,)


def test_a_model_that_has_learned_nothing_is_sound_too() -> None:
    data = lightgbm.Dataset(np.zeros((50, FEATURES)), np.ones(50))
    booster = lightgbm.train({"objective": "regression", "verbosity": -1, "num_threads": 1}, data, 2)
    check_trees(without_parameters(booster.model_to_string()), FEATURES)


def test_a_model_of_other_features_is_refused() -> None:
    with pytest.raises(RankerBroken, match="5 features"):
        check_trees(a_model_text(), 5)
    _refused(_changed(r"^max_feature_idx=3", "max_feature_idx=4000"))


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999", "x", ""])
def test_thresholds_and_leaves_without_end_are_refused(number: str) -> None:
    _refused(_changed(r"^threshold=\S+", f"threshold={number}"))
    _refused(_changed(r"^leaf_value=\S+", f"leaf_value={number}"))


def test_a_feature_that_is_not_there_is_refused() -> None:
    _refused(_changed(r"^split_feature=\d+", "split_feature=4"))
    _refused(_changed(r"^split_feature=\d+", "split_feature=-1"))


def test_a_tree_that_walks_in_circles_is_refused() -> None:
    _refused(_changed(r"^left_child=\S+", "left_child=0"))
    _refused(_changed(r"^left_child=\S+", "left_child=-1"))


def test_a_child_beyond_the_tree_is_refused() -> None:
    _refused(_changed(r"^left_child=\S+", "left_child=99"))
    _refused(_changed(r"^left_child=\S+", "left_child=-99"))


def test_a_tree_too_deep_is_refused() -> None:
    leaves = 100
    chain = {
        "split_feature": ["0"] * 99,
        "threshold": ["0.5"] * 99,
        "decision_type": ["2"] * 99,
        "left_child": [str(-index - 1) for index in range(99)],
        "right_child": [str(index + 1) for index in range(98)] + ["-100"],
        **{key: ["1"] * 99 for key in ("split_gain", "internal_value", "internal_weight", "internal_count")},
        **{key: ["1"] * 100 for key in ("leaf_value", "leaf_weight", "leaf_count")},
    }
    body = "\n".join(f"{key}={' '.join(words)}" for key, words in chain.items())
    head = a_model_text().split("Tree=")[0]
    text = f"{head}Tree=0\nnum_leaves={leaves}\nnum_cat=0\n{body}\nis_linear=0\nshrinkage=1\n\n\nend of trees\n"
    with pytest.raises(RankerBroken, match="deep"):
        check_trees(_resized(text), FEATURES)


def test_more_leaves_than_numbers_is_refused() -> None:
    _refused(_changed(r"^num_leaves=\d+", "num_leaves=400"))
    _refused(_changed(r"^num_leaves=\d+", "num_leaves=2000000000"))


def test_sizes_that_lie_are_refused() -> None:
    with pytest.raises(RankerBroken, match="other trees"):
        check_trees(_changed(r"^tree_sizes=\d+", "tree_sizes=999999999"), FEATURES)


def test_odd_categories_linear_leaves_and_foreign_lines_are_refused() -> None:
    _refused(_changed(r"^num_cat=\d", "num_cat=9"))
    _refused(_changed(r"^cat_boundaries=0 \d+", "cat_boundaries=0 999"))
    _refused(_changed(r"^cat_threshold=\d+", "cat_threshold=1 1"))
    _refused(_changed(r"^is_linear=0", "is_linear=1"))
    _refused(_changed(r"^decision_type=\d+", "decision_type=13"))
    _refused(_changed(r"^label_index=0", "label_index=0\nforcedsplits_filename=/etc/passwd"))
    _refused(_changed(r"^objective=\S+", "objective=cross_entropy_lambda"))


@given(st.integers(0, len(a_model_text())))
@settings(deadline=None)
def test_a_text_cut_short_anywhere_is_refused(length: int) -> None:
    if length < len(a_model_text()):
        with pytest.raises(RankerBroken):
            check_trees(a_model_text()[:length], FEATURES)


@given(st.integers(0, len(a_model_text()) - 1), st.characters(max_codepoint=127))
@settings(deadline=None)
def test_whatever_one_character_becomes_the_text_is_sound_or_refused(place: int, character: str) -> None:
    text = a_model_text()[:place] + character + a_model_text()[place + 1 :]
    try:
        check_trees(text, FEATURES)
    except RankerBroken:
        return
    with contextlib.suppress(lightgbm.basic.LightGBMError):  # it was taken: then LightGBM must live through it
        assert np.isfinite(lightgbm.Booster(model_str=text).predict(np.zeros((1, FEATURES)))).all()
