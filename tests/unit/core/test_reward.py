"""What an ended dispatch teaches of its model."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.core.outcome import Ending, FinishReason
from dispatcher.core.reward import FAILED, HINT, NOTHING, Label, Signals, label_of, label_of_failure
from dispatcher.errors import (
    DispatcherError,
    InvalidAnswer,
    ReplicaOutOfMemory,
    RuntimeBadAnswer,
    RuntimeFault,
    RuntimeIncomplete,
    RuntimeStalled,
    RuntimeUnreachable,
)

FINE = Signals(Ending.SUCCEEDED, finish_reason=FinishReason.STOP)


def test_an_answer_nobody_complains_of_is_a_success_and_a_weak_hint_that_it_is_as_expected() -> None:
    assert label_of(FINE) == Label(success=1.0, quality=None, weight=HINT)


@pytest.mark.parametrize("ending", [Ending.TIMED_OUT, Ending.CANCELLED, Ending.REFUSED])
@pytest.mark.parametrize("feedback", [(), ((0.0, 1.0),)])
def test_what_was_late_left_or_refused_by_us_says_nothing_of_the_model(
    ending: Ending, feedback: tuple[tuple[float, float], ...]
) -> None:
    assert label_of(Signals(ending, error_code="deadline_exceeded", feedback=feedback)) == NOTHING


@pytest.mark.parametrize(
    "flaw", [{"is_valid": False}, {"is_empty": True}, {"is_refusal": True}, {"was_retried": True}], ids=str
)
def test_an_answer_that_is_of_no_use_is_bad_for_certain(flaw: dict[str, bool]) -> None:
    assert label_of(replace(FINE, **flaw)) == FAILED  # type: ignore[arg-type]


def test_an_answer_cut_off_is_half_of_one_unless_its_length_was_asked_for() -> None:
    cut = replace(FINE, finish_reason=FinishReason.LENGTH)
    assert label_of(cut).success == 0.5
    assert label_of(replace(cut, has_asked_length=True)) == label_of(FINE)


def test_an_explicit_word_outweighs_every_hint() -> None:
    assert label_of(replace(FINE, feedback=((0.2, 1.0),))) == Label(1.0, 0.2, 1.0)
    assert label_of(replace(FINE, is_refusal=True, feedback=((1.0, 1.0),))) == Label(0.0, 1.0, 1.0)


def test_words_are_averaged_by_their_weight_and_those_beyond_the_daily_share_are_not_heard() -> None:
    assert label_of(replace(FINE, feedback=((1.0, 1.0), (0.0, 1.0), (0.0, 0.0)))) == Label(1.0, 0.5, 2.0)
    assert label_of(replace(FINE, feedback=((0.0, 0.0),))) == label_of(FINE)


@pytest.mark.parametrize(
    "error",
    [RuntimeFault, RuntimeUnreachable, RuntimeBadAnswer, RuntimeIncomplete, RuntimeStalled, ReplicaOutOfMemory],
)
def test_a_server_that_fails_is_no_success_but_says_nothing_of_the_answers(error: type[DispatcherError]) -> None:
    assert label_of_failure(error.code) == Label(0.0, None, 0.0)


def test_an_answer_of_the_wrong_shape_is_the_models_fault_and_a_missing_host_is_not() -> None:
    assert label_of_failure(InvalidAnswer.code) == FAILED
    assert label_of(Signals(Ending.FAILED, error_code="host_unreachable")) == NOTHING


@given(
    st.builds(
        Signals,
        st.sampled_from(Ending),
        st.none() | st.sampled_from(["invalid_answer", "runtime_fault", "store_error"]),
        st.none() | st.sampled_from(FinishReason),
        st.booleans(),
        st.none() | st.booleans(),
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=4).map(tuple),
    )
)
def test_labels_are_shares(signals: Signals) -> None:
    label = label_of(signals)
    assert label.success is None or 0 <= label.success <= 1
    assert label.weight >= 0
    if label.quality is not None:
        assert -1e-9 <= label.quality <= 1 + 1e-9
