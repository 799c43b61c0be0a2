"""What a dispatch that ended teaches of the model that answered it."""

from collections.abc import Sequence
from dataclasses import dataclass

from dispatcher.core.outcome import Ending, FinishReason

HINT = 0.1
"""What it counts that nobody complained of an answer: that it was as expected. An explicit word counts 1."""

# Error codes for which the model is to blame, and those for which its server is: of the answers these say nothing.
_BAD_ANSWER = frozenset({"invalid_answer", "answer_cut"})
_BAD_SERVER = frozenset(
    {
        "runtime_fault",
        "runtime_unreachable",
        "runtime_bad_answer",
        "runtime_incomplete",
        "runtime_stalled",
        "replica_out_of_memory",
    }
)


@dataclass(frozen=True, slots=True)
class Signals:
    """All that hints at how good an answer was.

    Args:
        has_asked_length: whether the caller named a longest answer: then one that is cut off there is as asked.
        is_valid: whether it has the shape that was asked for; None when none was.
        was_retried: whether the same item of the same run was asked again later.
        feedback: scores 0..1, each with its weight.
    """

    ending: Ending
    error_code: str | None = None
    finish_reason: FinishReason | None = None
    has_asked_length: bool = False
    is_valid: bool | None = None
    is_empty: bool = False
    is_refusal: bool = False
    was_retried: bool = False
    feedback: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """What to learn; None where nothing is known. `success` counts 1, `quality` counts `weight`.

    A success with some weight and no quality was as good as expected: that makes surer, and changes nothing.
    """

    success: float | None
    quality: float | None
    weight: float


NOTHING = Label(None, None, 0.0)
FAILED = Label(0.0, None, 1.0)
"""Of no use, and that is the model's fault; how good it would have been isn't known."""


def label_of(signals: Signals) -> Label:
    """Success and quality of one answer, 0..1; an explicit word on it outweighs every hint.

    A dispatch that was late, left or refused by us says nothing of the model.
    """
    hint = hint_of(signals)
    weight = sum(weight for _, weight in signals.feedback)
    if signals.ending is not Ending.SUCCEEDED or weight <= 0:
        return hint
    score = sum(score * weight for score, weight in signals.feedback) / weight
    return Label(hint.success, score, weight)


def hint_of(signals: Signals) -> Label:
    """The same without what anybody said of it."""
    if signals.ending is not Ending.SUCCEEDED:
        return label_of_failure(signals.error_code) if signals.ending is Ending.FAILED else NOTHING
    if signals.is_valid is False or signals.is_empty or signals.is_refusal or signals.was_retried:
        return FAILED
    if signals.finish_reason is FinishReason.LENGTH and not signals.has_asked_length:
        return Label(0.5, None, 0.0)
    return Label(1.0, None, HINT)


def label_of_failure(error_code: str | None) -> Label:
    """What an attempt teaches that ended with this error; nothing when the model had no part in it."""
    if error_code in _BAD_ANSWER:
        return FAILED
    return Label(0.0, None, 0.0) if error_code in _BAD_SERVER else NOTHING
