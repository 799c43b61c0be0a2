"""Forecasts of time that become this machine's own."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.core.decision import Seconds
from dispatcher.core.forecast import forecast
from dispatcher.core.outcome import FinishReason
from dispatcher.core.task import Context
from dispatcher.learning.times import TimeForecaster, Times
from tests.unit.core.builders import big, spec
from tests.unit.learning.outcomes import a_question, a_work, an_outcome

_NODE = Context(workflow_id="w", node_id="n")


def _of(forecaster: TimeForecaster, model=None, work=None) -> Times:  # type: ignore[no-untyped-def]
    return forecaster.times(work or a_work(), [a_question(model or spec())])[0]


def _taught(outcomes: int = 40, **changes: object) -> TimeForecaster:
    forecaster = TimeForecaster()
    for _ in range(outcomes):
        forecaster.learn(an_outcome(spec(), a_work(), **changes))  # type: ignore[arg-type]
    return forecaster


def test_before_any_outcome_the_median_is_the_catalogues() -> None:
    found, known = _of(TimeForecaster()), forecast(spec(), a_work(), 1, 240)
    assert found.run.p50 == pytest.approx(known.run.p50)
    assert found.run.p90 > 1.5 * found.run.p50
    assert found.load.p50 == known.load.p50
    assert found.load.p90 == pytest.approx(known.load.p90)
    assert (found.output_tokens, found.tries) == (known.output_tokens, 0)


def test_a_machine_half_as_fast_is_believed_after_a_few_outcomes() -> None:
    assert _of(_taught(12, slower=2.0)).run.p50 == pytest.approx(2 * _of(TimeForecaster()).run.p50, rel=0.15)


def test_the_limit_comes_nearer_as_evidence_grows() -> None:
    widths = [(found := _of(_taught(outcomes)).run).p90 / found.p50 for outcomes in (0, 5, 50, 400)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 1.2


def test_a_model_never_run_takes_after_the_machine() -> None:
    slow = _taught(60, slower=2.0)
    assert _of(slow, big()).run.p50 > 1.4 * _of(TimeForecaster(), big()).run.p50
    assert _of(slow, big()).tries < _of(slow).tries


def test_a_node_whose_answers_are_short_is_known_for_it() -> None:
    forecaster = _taught(40, tokens=3)
    assert _of(forecaster).output_tokens == pytest.approx(3, abs=1)
    elsewhere = a_work(context=Context(workflow_id="w", node_id="other"))
    assert _of(forecaster, work=elsewhere).output_tokens > 3


def test_an_answer_that_was_cut_does_not_make_answers_shorter() -> None:
    cut = _taught(40, tokens=10, max_tokens=10, finish_reason=FinishReason.LENGTH)
    assert _of(cut).output_tokens == _of(TimeForecaster()).output_tokens


def test_load_time_is_not_model_time() -> None:
    forecaster, loaded = _taught(40), _taught(40, load_s=30.0)
    assert _of(forecaster) == _of(loaded)
    loaded.learn_load(spec().id, spec().load_s, 10.0)
    assert _of(loaded).run == _of(forecaster).run
    assert _of(loaded).load.p50 > 2 * _of(forecaster).load.p50


def test_answers_that_calibrate_teach_speed_and_are_no_promises() -> None:
    forecaster = _taught(5, slower=2.0, is_calibration=True)
    assert _of(forecaster).tries > 0
    assert forecaster.promises(spec().id).made == 0


def test_promises_are_counted_as_they_were_made() -> None:
    forecaster, outcome = TimeForecaster(), an_outcome(spec(), a_work())
    for p90 in (outcome.total_s + 1, outcome.total_s + 2, outcome.total_s / 2):
        forecaster.learn(replace(outcome, promised=Seconds(p90 / 2, p90)))
    assert forecaster.promises(spec().id).share == pytest.approx(2 / 3)


def test_new_weights_are_a_new_model() -> None:
    forecaster = _taught(40, slower=3.0)
    forecaster.reset(spec().id)
    assert forecaster.promises(spec().id).made == 0
    assert _of(forecaster).tries < 25  # what it knows now is the machine's


def test_speed_is_foretold_anew_soon_after_the_machine_slows_down() -> None:
    rng, forecaster = random.Random(2), _taught(0)
    for slower in (1.0,) * 300 + (2.0,) * 25:
        forecaster.learn(an_outcome(spec(), a_work(), slower=slower * rng.lognormvariate(0.0, 0.2)))
    assert _of(forecaster).run.p50 == pytest.approx(2 * _of(TimeForecaster()).run.p50, rel=0.3)


@given(
    st.lists(st.tuples(st.floats(1e-3, 1e3), st.integers(0, 5000), st.integers(1, 5000)), max_size=25),
    st.integers(1, 4000),
)
@settings(deadline=None)
def test_whatever_was_measured_forecasts_stay_sane_and_longer_prompts_take_longer(
    seen: list[tuple[float, int, int]], prompt_tokens: int
) -> None:
    forecaster = TimeForecaster()
    for slower, tokens, prompt in seen:
        forecaster.learn(an_outcome(spec(), a_work(prompt), slower=slower, tokens=tokens))
    found = _of(forecaster, work=a_work(prompt_tokens))
    assert 0 < found.run.p50 <= found.run.p90 < float("inf")
    assert 0 < found.load.p50 <= found.load.p90
    assert 1 <= found.output_tokens <= 1000
    assert _of(forecaster, work=a_work(2 * prompt_tokens)).run.p50 > found.run.p50
