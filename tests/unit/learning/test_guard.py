"""When what was learned may answer in the table's stead."""

import numpy as np

from dispatcher.learning.examples import Examples
from dispatcher.learning.guard import is_trusted
from tests.unit.learning.requests_made_up import SKILL, encoder_of, outcomes, prompts

_SOME, _TOPICS = prompts(400, 1)
_ENCODER = encoder_of(_SOME)
_EXAMPLES = outcomes(400, 1, _ENCODER)
_TABLE = np.tile(SKILL.mean(1), 400)
_TRUTH = SKILL[:, _TOPICS].T.ravel()


def _lone(examples: Examples) -> tuple[Examples, np.ndarray]:
    keep = np.random.default_rng(0).random(len(examples.quality)) < 0.3
    return examples.only(keep), keep


def test_the_truth_is_trusted() -> None:
    assert is_trusted(_EXAMPLES, _TABLE, _TRUTH, 0)


def test_noise_is_not() -> None:
    noise = _TABLE + np.random.default_rng(3).normal(0, 0.2, len(_TABLE))
    assert not is_trusted(_EXAMPLES, _TABLE, noise, 0)


def test_what_says_the_same_as_the_table_is_not_needed() -> None:
    assert not is_trusted(_EXAMPLES, _TABLE, _TABLE, 0)


def test_with_one_outcome_a_request_the_error_decides() -> None:
    lone, keep = _lone(_EXAMPLES)
    assert is_trusted(lone, _TABLE[keep], _TRUTH[keep], 0)
    assert not is_trusted(lone, _TABLE[keep], 1 - _TRUTH[keep], 0)
