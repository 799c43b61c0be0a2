"""A prior from public outcomes, on made-up ones."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.core.features import RequestFeatures, features_of, numbers
from dispatcher.core.priors import quality_of
from dispatcher.core.task import Complexity, Message, Role, TaskType
from dispatcher.learning.examples import Examples, ModelFacts, Requests
from dispatcher.learning.lsa import fit_text_encoder
from dispatcher.learning.prior_base import load_prior_base
from dispatcher.learning.shipped import FOLDER, ShippedPrior, load_shipped_prior
from tests.unit.learning.requests_made_up import TOPICS, prompts

_SIZES = (4.0, 8.0, 70.0)
_SOME, _KINDS = prompts(600, 0)
_ENCODER = fit_text_encoder(_SOME, 8, 1)


def _facts(*sizes: float) -> tuple[ModelFacts, ...]:
    table = [quality_of(size).of(TaskType.QUESTION_ANSWERING, Complexity.LOW) for size in sizes]
    return tuple(ModelFacts(f"m{size}", size, size, 0.0, prior) for size, prior in zip(sizes, table, strict=True))


def _seen(prompt: str, task: TaskType = TaskType.QUESTION_ANSWERING) -> RequestFeatures:
    text = features_of([Message(Role.USER, prompt)])
    return RequestFeatures(1, numbers(text, task, Complexity.LOW), tuple(map(float, _ENCODER.encode(text.sample))))


def _examples() -> Examples:
    """The first topic is hard for small models; the others aren't."""
    facts = _facts(*_SIZES)
    chance = np.where((_KINDS == 0)[:, None], (0.1, 0.3, 0.9), (0.8, 0.85, 0.9))
    right = (np.random.default_rng(1).random(chance.shape) < chance).astype(np.float64)
    prior = np.tile([one.prior_quality for one in facts], (len(_SOME), 1))
    return Examples.matrix(Requests.of([_seen(one) for one in _SOME]), facts, prior, right, np.ones_like(right))


_PRIOR = ShippedPrior.fit(_ENCODER, [_examples()], seed=1)


def test_a_hard_topic_is_seen_to_need_a_large_model() -> None:
    small, large = _PRIOR.predict(_seen(TOPICS[0]), _facts(8.0, 70.0))
    assert large - small > 0.3
    small, large = _PRIOR.predict(_seen(TOPICS[2]), _facts(8.0, 70.0))
    assert large - small < 0.2


@given(st.text(max_size=200), st.lists(st.floats(0.1, 200), min_size=2, max_size=6))
@settings(deadline=None)
def test_a_larger_model_is_never_expected_to_do_worse(prompt: str, sizes: list[float]) -> None:
    found = _PRIOR.predict(_seen(prompt), _facts(*sorted(sizes)))
    assert (np.diff(found) >= -1e-9).all()


def test_sizes_that_no_outcome_is_known_of_keep_their_order() -> None:
    found = _PRIOR.predict(_seen(TOPICS[1]), _facts(0.135, 0.5, 1.5, 4.0))
    assert (np.diff(found) > 0).all()


def test_where_no_outcomes_are_public_the_catalogue_answers_unchanged() -> None:
    facts = _facts(0.5, 8.0)
    found = _PRIOR.predict(_seen(TOPICS[0], TaskType.TRANSLATION), facts)
    assert found.tolist() == [one.prior_quality for one in facts]


def test_a_prior_comes_back_from_its_folder_as_it_was(tmp_path: Path) -> None:
    _PRIOR.save(tmp_path / "prior", {"sources": "made up"})
    again = load_shipped_prior(tmp_path / "prior")
    row, facts = _seen(TOPICS[0]), _facts(1.0, 8.0)
    assert again.predict(row, facts).tolist() == _PRIOR.predict(row, facts).tolist()


def test_a_prior_for_other_features_is_refused(tmp_path: Path) -> None:
    _PRIOR.save(tmp_path / "prior", {})
    card = tmp_path / "prior" / "card.json"
    card.write_text(card.read_text().replace('"features_version": 1', '"features_version": 0'))
    with pytest.raises(ValueError, match="scripts/prior"):
        load_shipped_prior(tmp_path / "prior")


def test_what_is_shipped_can_be_read_and_is_small() -> None:
    assert load_shipped_prior().tasks == {
        TaskType.TEXT_GENERATION,
        TaskType.CODE_GENERATION,
        TaskType.QUESTION_ANSWERING,
        TaskType.REASONING,
    }
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2_000_000


def test_what_is_shipped_says_what_it_was_made_of() -> None:
    card = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))
    assert {source["licence"] for source in card["sources"].values()} == {"MIT", "Apache-2.0"}
    packed = (FOLDER / "prior.txt").read_bytes() + (FOLDER / "words.bin").read_bytes()
    assert card["sha256"] == hashlib.sha256(packed).hexdigest()


def test_a_fresh_install_sends_a_hard_question_to_a_large_model_and_spares_it_an_easy_one() -> None:
    prior = load_shipped_prior()
    names = {"smollm2:135m": 0.135, "an-unknown:3b": 3.0, "llama3.1:8b": 8.0, "llama3.1:70b": 70.0}
    facts = tuple(replace(one, model_id=name) for name, one in zip(names, _facts(*names.values()), strict=True))

    def expected(prompt: str, task: TaskType) -> list[float]:
        text = features_of([Message(Role.USER, prompt)])
        row = numbers(text, task, Complexity.MEDIUM)
        seen = RequestFeatures(1, row, tuple(map(float, prior.encoder.encode(text.sample))))
        return prior.predict(seen, facts).tolist()

    hard = expected(
        "A particle of mass m moves in the potential V(x) = a x^4. Determine the scaling with energy.\n"
        "A. E^{-1/4}\nB. E^{1/4}\nC. E^{-1/2}\nD. E^{1/2}\nE. E^{-1}\nF. E^0\nG. E^2\nH. E^{3}\nI. E^{-3}\nJ. E^{-2}",
        TaskType.QUESTION_ANSWERING,
    )
    easy = expected("Write a python function to find the sum of a list of numbers.", TaskType.CODE_GENERATION)
    assert hard == sorted(hard)
    assert easy == sorted(easy)
    assert hard[3] - hard[2] > easy[3] - easy[2]


def test_what_is_shipped_places_requests_among_public_ones() -> None:
    base = load_prior_base()
    text = features_of([Message(Role.USER, "who wrote the origin of species")])
    row = RequestFeatures(
        1,
        numbers(text, TaskType.QUESTION_ANSWERING, Complexity.LOW),
        tuple(map(float, base.encoder.encode(text.sample))),
    )
    place = base.place(row)
    assert place.shape == (len(base.landmarks.centres),)
    assert np.isfinite(place).all()
    small, large = base.predict_at(row, place, _facts(3.0, 8.0))
    assert 0 < small < large < 1
