"""The quality model, on topics and models that are made up."""

from collections.abc import Iterator

import numpy as np
import pytest

from dispatcher.learning.examples import ModelFacts, Requests
from dispatcher.learning.quality import QualityModel
from dispatcher.learning.text import TextEncoder
from tests.unit.learning.requests_made_up import FACTS, SKILL, TOPICS, encoder_of, outcomes, prompts, seen


@pytest.fixture(scope="module")
def encoder() -> Iterator[TextEncoder]:
    return encoder_of(prompts(400, 0)[0])


@pytest.fixture(scope="module")
def model(encoder: TextEncoder) -> QualityModel:
    return QualityModel.fit(outcomes(400, 1, encoder), seed=1)


def test_each_topic_goes_to_the_model_that_is_good_at_it(model: QualityModel, encoder: TextEncoder) -> None:
    some, topics = prompts(200, 7)
    chosen = np.array([model.predict(seen(one, encoder), FACTS).argmax() for one in some])
    assert (chosen == SKILL[:, topics].argmax(0)).mean() > 0.9


def test_expected_quality_is_near_the_truth(model: QualityModel, encoder: TextEncoder) -> None:
    some, topics = prompts(100, 9)
    found = np.array([model.predict(seen(one, encoder), FACTS) for one in some])
    assert np.abs(found - SKILL[:, topics].T).mean() < 0.12


def test_one_request_and_many_get_the_same_answers(model: QualityModel, encoder: TextEncoder) -> None:
    rows = [seen(one, encoder) for one in prompts(20, 3)[0]]
    many = model.predict_many(Requests.of(rows), FACTS, np.full((20, 3), 0.9))
    one_by_one = np.array([model.predict(row, FACTS) for row in rows])
    np.testing.assert_allclose(many, one_by_one, atol=1e-12)


def test_the_order_of_candidates_makes_no_difference(model: QualityModel, encoder: TextEncoder) -> None:
    row = seen(TOPICS[0], encoder)
    np.testing.assert_allclose(model.predict(row, FACTS)[::-1], model.predict(row, FACTS[::-1]), atol=1e-12)


def test_a_model_without_outcomes_gets_what_the_catalogue_says_less_the_others_shortfall(
    model: QualityModel, encoder: TextEncoder
) -> None:
    newcomers = (ModelFacts("new:3b", 3.0, 3.0, 0.1, 0.88), ModelFacts("new:70b", 70.0, 70.0, 0.9, 0.97))
    found = model.predict(seen(TOPICS[2], encoder), newcomers)
    assert ((found > 0.2) & (found < 0.9)).all()


def test_the_same_outcomes_and_seed_give_the_same_model(encoder: TextEncoder) -> None:
    examples = outcomes(120, 1, encoder)
    assert QualityModel.fit(examples, seed=3).parts() == QualityModel.fit(examples, seed=3).parts()


def test_where_text_says_nothing_the_table_answers(encoder: TextEncoder) -> None:
    flat = np.repeat(SKILL.mean(1)[:, None], len(TOPICS), 1)
    model = QualityModel.fit(outcomes(300, 5, encoder, flat), seed=1)
    assert not model.is_trusted
    assert np.ptp([model.predict(seen(words, encoder), FACTS) for words in TOPICS], axis=0).max() == 0


def test_one_outcome_a_request_is_enough_to_learn_from(encoder: TextEncoder) -> None:
    every = outcomes(1500, 1, encoder)
    lone = every.only(np.random.default_rng(0).random(len(every.quality)) < 1 / 3)
    model = QualityModel.fit(lone, seed=1)
    some, topics = prompts(200, 7)
    chosen = np.array([model.predict(seen(one, encoder), FACTS).argmax() for one in some])
    assert (chosen == SKILL[:, topics].argmax(0)).mean() > 0.85


def test_a_model_comes_back_from_its_parts_as_it_was(model: QualityModel, encoder: TextEncoder) -> None:
    again = QualityModel.from_parts(model.parts())
    row = seen(TOPICS[1], encoder)
    np.testing.assert_array_equal(again.predict(row, FACTS), model.predict(row, FACTS))


@pytest.mark.parametrize(
    "spoiled",
    [
        {},
        {"quality.txt": b"tree"},
        {"quality.json": b"[]"},
        {"quality.json": b"{}"},
        {"quality.json": b'{"facts": 3}'},
        {"quality.json": b"not json"},
    ],
)
def test_parts_that_are_spoiled_are_refused(model: QualityModel, spoiled: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match=r"."):
        QualityModel.from_parts(model.parts() | spoiled if spoiled else {})
