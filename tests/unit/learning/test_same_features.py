"""A request looks the same to what is fitted on tables, to what serves, and to what learns from the log."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.core.features import FEATURES_VERSION, WORK, RequestFeatures, features_of, numbers
from dispatcher.core.forecast import Work
from dispatcher.core.task import PLAIN_TEXT, Complexity, Message, Role, TaskType
from dispatcher.learning.examples import Requests
from dispatcher.learning.learned_quality import LearnedQuality
from dispatcher.learning.online import OnlineQuality
from dispatcher.learning.prior_base import load_prior_base

_BASE = load_prior_base()
_SERVES = LearnedQuality(_BASE.encoder, _BASE, OnlineQuality(len(_BASE.landmarks.centres)))
_STEPS = st.sampled_from([Complexity.LOW, Complexity.MEDIUM, Complexity.HIGH])


@given(st.text(max_size=3000), st.sampled_from(WORK), _STEPS)
@settings(deadline=None)
def test_features_are_identical_in_training_and_serving(prompt: str, task: TaskType, step: Complexity) -> None:
    text = features_of([Message(Role.USER, prompt)])
    served = _SERVES.features(Work(task, step, text.prompt_tokens, 100, PLAIN_TEXT, text))
    assert served is not None
    fitted = Requests(np.array([numbers(text, task, step)]), np.array([_BASE.encoder.encode(text.sample)], np.float64))
    logged = RequestFeatures(FEATURES_VERSION, *map(tuple, json.loads(json.dumps([served.numbers, served.text]))))
    for one in (Requests.of([served]), Requests.of([logged])):
        np.testing.assert_array_equal(one.numbers, fitted.numbers)
        np.testing.assert_array_equal(one.vectors, fitted.vectors)
    assert WORK[fitted.tasks[0]] is task


@pytest.mark.parametrize("prompt", ["", " \n\t", "\x00", "a" * 100_000, "日本語" * 2000])
def test_odd_prompts_have_a_place_too(prompt: str) -> None:
    text = features_of([Message(Role.USER, prompt)])
    row = RequestFeatures(
        1, numbers(text, TaskType.CHAT, Complexity.LOW), tuple(_BASE.encoder.encode(text.sample).tolist())
    )
    assert np.isfinite(_BASE.place(row)).all()
