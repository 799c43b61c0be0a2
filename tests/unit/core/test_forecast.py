"""What to expect of a model without history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.forecast import Work, forecast
from dispatcher.core.task import PLAIN_TEXT, Complexity, FormatKind, OutputFormat, TaskType
from tests.unit.core.builders import STEPS, WORK, big, spec

works = st.builds(
    Work,
    task_type=st.sampled_from(WORK),
    complexity=st.sampled_from(STEPS),
    prompt_tokens=st.integers(1, 8000),
    max_tokens=st.integers(1, 4000),
    output=st.sampled_from([PLAIN_TEXT, OutputFormat(FormatKind.JSON)]),
)


def a_work(prompt_tokens: int = 100, max_tokens: int = 1000) -> Work:
    return Work(TaskType.SUMMARIZATION, Complexity.LOW, prompt_tokens, max_tokens, PLAIN_TEXT)


def test_time_is_reading_plus_writing() -> None:
    expected = forecast(spec(), a_work(prompt_tokens=400), threads=1, footprint_mib=240)
    assert expected.run.p50 == pytest.approx(0.02 + 400 / 200 + 80 / 80)


@given(works, st.integers(1, 8))
def test_every_forecast_is_sane(work: Work, threads: int) -> None:
    expected = forecast(spec(), work, threads, 240)
    assert 0 < expected.run.p50 <= expected.run.p90
    assert 0 < expected.load.p50 <= expected.load.p90
    assert 0 <= expected.success <= 1
    assert 0 <= expected.quality <= 1
    assert 1 <= expected.output_tokens <= work.max_tokens
    assert expected.cost_usd > 0


@given(works)
def test_longer_prompts_and_answers_never_take_less_time(work: Work) -> None:
    longer = Work(work.task_type, work.complexity, work.prompt_tokens * 2, work.max_tokens * 2, work.output)
    assert forecast(spec(), longer, 1, 240).run.p50 >= forecast(spec(), work, 1, 240).run.p50


@given(works, st.integers(1, 7))
def test_more_threads_are_never_slower(work: Work, threads: int) -> None:
    assert forecast(spec(), work, threads + 1, 240).run.p50 <= forecast(spec(), work, threads, 240).run.p50


@given(works)
def test_a_larger_model_is_slower_and_dearer(work: Work) -> None:
    small, large = forecast(spec(), work, 1, 240), forecast(big(), work, 1, 1800)
    assert large.run.p50 > small.run.p50
    assert large.cost_usd > small.cost_usd


def test_a_model_elsewhere_costs_by_its_tokens() -> None:
    remote = spec(is_local=False, usd_per_mtok=2.0)
    assert forecast(remote, a_work(prompt_tokens=920), 1, 0).cost_usd == pytest.approx(1000 * 2 / 1e6)


def test_quality_is_what_the_catalogue_says_of_this_work() -> None:
    hard = Work(TaskType.CHAT, Complexity.HIGH, 10, 100, PLAIN_TEXT)
    assert forecast(spec(), hard, 1, 240).quality == 0.2
