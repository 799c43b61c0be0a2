"""Five prompts, and what the answers say of a model."""

import pytest

from dispatcher.core.calibration import calibration_requests, measured, summed_up
from dispatcher.core.features import features_of
from dispatcher.core.outcome import Completion, FinishReason, Usage
from dispatcher.core.task import ModelId, Source


def _completion(**changes: object) -> Completion:
    values: dict[str, object] = {
        "text": "x",
        "finish_reason": FinishReason.STOP,
        "usage": Usage(100, 50),
        "first_token_s": 0.5,
        "total_s": 3.0,
        "prefill_s": 0.4,
        "decode_s": 2.0,
    }
    return Completion(**{**values, **changes})  # type: ignore[arg-type]


def test_five_prompts_of_different_length_ask_for_one_model_and_say_who_asks() -> None:
    requests = calibration_requests(ModelId("m"), 60.0)
    assert len(requests) == 5
    assert {request.model for request in requests} == {"m"}
    assert {request.source for request in requests} == {Source.CALIBRATION}
    lengths = sorted(features_of(request.messages).prompt_tokens for request in requests)
    assert lengths[-1] > 10 * lengths[0]
    assert lengths[-1] < 600
    assert len({request.messages[0].content[:12] for request in requests}) == 5


def test_the_engines_own_measure_comes_first() -> None:
    measure = measured(_completion(), load_s=1.5)
    assert (measure.prefill_tps, measure.decode_tps, measure.load_s) == (250.0, 25.0, 1.5)


def test_without_it_the_first_token_tells() -> None:
    measure = measured(_completion(prefill_s=None, decode_s=None), load_s=0.0)
    assert (measure.prefill_tps, measure.decode_tps) == (200.0, 20.0)


def test_what_nothing_tells_stays_unknown() -> None:
    measure = measured(_completion(usage=Usage(0, 0), prefill_s=0.0, decode_s=0.0), load_s=0.0)
    found = summed_up([measure], None)
    assert (found.prefill_tps, found.decode_tps, found.load_s, found.memory_mib) == (None, None, None, None)


def test_one_odd_answer_is_outvoted() -> None:
    usual, odd = measured(_completion(), 0.0), measured(_completion(decode_s=40.0), 2.0)
    found = summed_up([usual, odd, usual], 300)
    assert found.decode_tps == pytest.approx(25.0)
    assert (found.answers, found.load_s, found.memory_mib) == (3, 2.0, 300)
