"""Why one model is expected to do better than another."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from dispatcher.learning.boosting import boosting_rows
from dispatcher.learning.examples import Requests
from dispatcher.learning.quality import QualityModel
from dispatcher.learning.reasons import Ground, Reason, in_words, reasons
from dispatcher.learning.text import TextEncoder
from tests.unit.learning.requests_made_up import FACTS, SKILL, TOPICS, encoder_of, outcomes, prompts, seen


@pytest.fixture(scope="module")
def encoder() -> Iterator[TextEncoder]:
    return encoder_of(prompts(400, 0)[0])


@pytest.fixture(scope="module")
def model(encoder: TextEncoder) -> QualityModel:
    return QualityModel.fit(outcomes(400, 1, encoder), seed=1)


@pytest.mark.parametrize("is_trusted", [True, False])
def test_the_parts_add_up_to_the_difference(model: QualityModel, encoder: TextEncoder, *, is_trusted: bool) -> None:
    asked = replace(model, is_trusted=is_trusted)
    for prompt in prompts(20, 5)[0]:
        request = seen(prompt, encoder)
        expected = asked.predict(request, FACTS)
        if expected.min() <= 0.0 or expected.max() >= 1.0:
            continue  # cut off
        found = reasons(asked, request, (FACTS[0], FACTS[1]), here=(0.1, 0.0), node=(0.0, 0.2))
        assert sum(one.gain for one in found) == pytest.approx(expected[0] - expected[1] + 0.1 - 0.2, abs=1e-6)
        assert [abs(one.gain) for one in found] == sorted((abs(one.gain) for one in found), reverse=True)


def test_contributions_add_up_to_the_booster_s_prediction(model: QualityModel, encoder: TextEncoder) -> None:
    requests = Requests.of([seen(TOPICS[0], encoder)] * len(FACTS))
    known = np.array([(one.parameters_b, one.active_b, one.usd_per_mtok, one.prior_quality) for one in FACTS])
    zero = np.zeros(len(FACTS))
    rows = boosting_rows(requests.numbers, np.arange(len(FACTS)), known, zero, zero)
    np.testing.assert_allclose(
        model.booster.contributions(rows).sum(1), model.booster.predict(rows, raw=True), atol=1e-9
    )


def test_a_topic_s_own_model_is_chosen_for_its_text(model: QualityModel, encoder: TextEncoder) -> None:
    topic = 0
    best, worst = int(SKILL[:, topic].argmax()), int(SKILL[:, topic].argmin())
    found = reasons(model, seen(" ".join(TOPICS[topic].split() * 2), encoder), (FACTS[best], FACTS[worst]))
    gains = {one.ground: one.gain for one in found}
    assert gains[Ground.TEXT] == max(gains.values())
    assert gains[Ground.TEXT] > 0.2


def test_words_name_what_speaks_for_it_most_and_what_speaks_against_it() -> None:
    found = (Reason(Ground.NODE, 0.2), Reason(Ground.MODEL, -0.05), Reason(Ground.TEXT, 0.001))
    assert in_words(found, "big") == (
        "mostly because of how its answers at this node were (+0.20 quality against big), "
        "in spite of its size and price class (-0.05)"
    )


def test_where_nothing_speaks_for_it_nothing_is_said() -> None:
    assert in_words((Reason(Ground.TEXT, -0.3), Reason(Ground.NODE, 0.001)), "big") == ""
