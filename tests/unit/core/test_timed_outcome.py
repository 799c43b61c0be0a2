"""What an answer tells of time: the engine's own measure, or else its first token."""

from dataclasses import replace

import pytest

from dispatcher.core.outcome import FinishReason
from dispatcher.core.task import Complexity, Context, ModelId, TaskType
from dispatcher.core.timed_outcome import Pace, TimedOutcome, node_key

_OUTCOME = TimedOutcome(
    model_id=ModelId("m"),
    task_type=TaskType.CHAT,
    complexity=Complexity.LOW,
    node="w/n",
    prompt_tokens=100,
    completion_tokens=51,
    finish_reason=FinishReason.STOP,
    prefill_s=0.5,
    decode_s=5.1,
    first_token_s=0.6,
    total_s=5.6,
    threads=1,
    at_once=1,
    load_s=0.0,
    max_tokens=200,
    pace=Pace(read_token_s=0.005, write_token_s=0.1),
)


def test_the_engine_knows_best() -> None:
    assert _OUTCOME.reading_s == 0.5
    assert _OUTCOME.token_s == pytest.approx(0.1)


def test_without_the_engines_measure_the_first_token_tells() -> None:
    outcome = replace(_OUTCOME, prefill_s=None, decode_s=None)
    assert outcome.reading_s == pytest.approx(0.58)
    assert outcome.token_s == pytest.approx(0.1)


def test_an_answer_of_one_token_tells_nothing_of_writing() -> None:
    assert replace(_OUTCOME, completion_tokens=1).token_s is None


def test_what_nobody_measured_is_not_guessed() -> None:
    outcome = replace(_OUTCOME, prefill_s=None, decode_s=None, first_token_s=None)
    assert outcome.reading_s is None
    assert outcome.token_s is None


def test_a_measure_too_short_to_be_one_is_none() -> None:
    assert replace(_OUTCOME, prefill_s=0.0, decode_s=0.0).reading_s is None
    assert replace(_OUTCOME, prefill_s=0.0, decode_s=0.0).token_s is None


def test_a_node_is_named_by_its_workflow_too() -> None:
    assert node_key(Context(workflow_id="w", node_id="n")) == "w/n"
    assert node_key(Context(workflow_id="w")) == "w/"
    assert node_key(Context()) == ""
