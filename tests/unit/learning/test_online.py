"""Quality corrected by each judged answer."""

import numpy as np
import pytest

from dispatcher.core.task import TaskType
from dispatcher.learning.online import OnlineQuality

_WIDTH = 6
_TASK = TaskType.CHAT
_BASE = np.array([0.6, 0.6])
_MODELS = ("a", "b")


def _text(index: int) -> np.ndarray:
    return np.eye(_WIDTH)[index]


def _taught(online: OnlineQuality, model_id: str, quality: float, times: int, text: int = 0) -> None:
    for _ in range(times):
        online.learn(_text(text), _TASK, model_id, 0.6, quality, 1.0)


def test_before_anything_is_learned_the_base_answers() -> None:
    mean, doubt = OnlineQuality(_WIDTH).predict(_text(0), _TASK, _MODELS, _BASE)
    assert mean == pytest.approx(_BASE)
    assert doubt[0] == doubt[1] > 0.1


def test_a_model_that_does_badly_is_expected_to_and_doubted_less() -> None:
    online = OnlineQuality(_WIDTH)
    _taught(online, "a", 0.0, 30)
    _taught(online, "b", 1.0, 5)
    mean, doubt = online.predict(_text(0), _TASK, _MODELS, _BASE)
    assert mean[0] < 0.3 < mean[1]
    assert doubt[0] < doubt[1]


def test_what_is_learned_of_one_kind_of_text_says_less_of_another() -> None:
    online = OnlineQuality(_WIDTH)
    for text, quality in ((0, 1.0), (1, 0.0)):
        _taught(online, "a", quality, 60, text)
    good, _ = online.predict(_text(0), _TASK, ("a",), _BASE[:1])
    bad, _ = online.predict(_text(1), _TASK, ("a",), _BASE[:1])
    assert good[0] - bad[0] > 0.4


def test_work_that_is_hard_for_one_model_is_taken_as_hard_for_a_stranger() -> None:
    online = OnlineQuality(_WIDTH)
    _taught(online, "a", 0.0, 20)
    mean, _ = online.predict(_text(0), _TASK, ("stranger",), _BASE[:1])
    assert mean[0] < 0.4


def test_a_base_that_knows_a_model_is_corrected_slowly() -> None:
    strange, familiar = OnlineQuality(_WIDTH), OnlineQuality(_WIDTH, ("a",))
    for online in (strange, familiar):
        _taught(online, "b", 0.6, 50)
        _taught(online, "a", 0.0, 5)
    asked = (_text(0), _TASK, ("a",), _BASE[:1])
    assert familiar.predict(*asked)[0][0] > strange.predict(*asked)[0][0]
    assert familiar.predict(*asked)[1][0] < strange.predict(*asked)[1][0]


@pytest.mark.parametrize("familiar", [(), ("a",)])
def test_it_follows_a_model_that_changes(familiar: tuple[str, ...]) -> None:
    online = OnlineQuality(_WIDTH, familiar)
    _taught(online, "a", 0.6, 2_000)
    _taught(online, "a", 0.0, 60)
    assert online.predict(_text(0), _TASK, ("a",), _BASE[:1])[0][0] < 0.3


def test_no_weight_teaches_nothing() -> None:
    online = OnlineQuality(_WIDTH)
    online.learn(_text(0), _TASK, "a", 0.6, 0.0, 0.0)
    assert online.predict(_text(0), _TASK, _MODELS, _BASE)[0] == pytest.approx(_BASE)


def test_a_reset_forgets_one_model() -> None:
    online = OnlineQuality(_WIDTH)
    for model_id in _MODELS:
        _taught(online, model_id, 0.0, 30)
    before, _ = online.predict(_text(0), _TASK, _MODELS, _BASE)
    online.reset("a")
    after, doubt = online.predict(_text(0), _TASK, _MODELS, _BASE)
    assert after[0] > before[0]
    assert after[1] == before[1]
    assert doubt[0] > doubt[1]


def test_memory_is_bounded_and_who_was_not_met_for_longest_goes() -> None:
    online = OnlineQuality(_WIDTH)
    _taught(online, "old", 0.0, 30)
    doubt_before = online.predict(_text(0), _TASK, ("old",), _BASE[:1])[1][0]
    for index in range(64):
        _taught(online, f"m{index}", 0.6, 1)
    assert online.predict(_text(0), _TASK, ("old",), _BASE[:1])[1][0] > doubt_before
    assert online.predict(_text(0), _TASK, ("m0",), _BASE[:1])[1][0] < 0.3
