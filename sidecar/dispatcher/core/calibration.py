"""Getting to know a model: five short prompts, and what its answers to them say of its speed."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from dispatcher.core.outcome import Completion
from dispatcher.core.task import (
    Complexity,
    DispatchRequest,
    Message,
    ModelId,
    OnInfeasible,
    Requirements,
    Role,
    Source,
    TaskType,
)

_SHORTEST_S = 1e-4  # engines round; less is no measure
_ANSWER_TOKENS = 64
_LETTER = (
    "Dear team, the delivery that was due on Tuesday has arrived two days late, and one of the four boxes was open. "
    "Nothing is missing, yet the printed manuals are wet and can't be used. Please send new ones by Friday, tell us "
    "whom to ask for next time, and let us know whether the invoice will be changed. The driver was friendly. "
)

# Each begins differently, so that no server has the beginning in its cache; lengths as they come in workflows.
_PROMPTS: tuple[tuple[TaskType, str], ...] = (
    (TaskType.QUESTION_ANSWERING, "Why is the sky blue? Answer in three sentences."),
    (TaskType.CLASSIFICATION, f"Complaint, question or praise? Say which, and why. {_LETTER}"),
    (TaskType.SUMMARIZATION, f"Summarize these letters in a few sentences. {_LETTER * 4}"),
    (TaskType.CODE_GENERATION, "Write a Python function that counts the words of a text, with a docstring."),
    (TaskType.TRANSLATION, f"Translate into German. {_LETTER}"),
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One answer's speeds, in tokens per second, None where nothing tells; and what had to be loaded for it."""

    prefill_tps: float | None
    decode_tps: float | None
    load_s: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a model does here: median speeds in tokens per second, seconds to load, peak memory of a replica in MiB.

    None where it couldn't be measured, such as a load when a replica was up.
    """

    answers: int
    prefill_tps: float | None
    decode_tps: float | None
    load_s: float | None
    memory_mib: int | None


def calibration_requests(model_id: ModelId, timeout_s: float) -> tuple[DispatchRequest, ...]:
    """What the model is asked, one after the other."""
    return tuple(
        DispatchRequest(
            messages=(Message(Role.USER, prompt),),
            requirements=Requirements(timeout_s, _ANSWER_TOKENS, on_infeasible=OnInfeasible.BEST_EFFORT),
            task_type=task_type,
            complexity=Complexity.LOW,
            model=model_id,
            source=Source.CALIBRATION,
        )
        for task_type, prompt in _PROMPTS
    )


def measured(completion: Completion, load_s: float) -> Measure:
    """What one answer says: the engine's own measure, or else its first token."""
    usage = completion.usage
    reading_s = completion.first_token_s if completion.prefill_s is None else completion.prefill_s
    writing_s = completion.total_s - completion.first_token_s if completion.decode_s is None else completion.decode_s
    return Measure(_tps(usage.prompt_tokens, reading_s), _tps(usage.completion_tokens, writing_s), load_s)


def summed_up(measures: Sequence[Measure], memory_mib: int | None) -> Calibration:
    """Medians of all answers."""
    return Calibration(
        answers=len(measures),
        prefill_tps=_median([one.prefill_tps for one in measures]),
        decode_tps=_median([one.decode_tps for one in measures]),
        load_s=max((one.load_s for one in measures if one.load_s > 0.0), default=None),
        memory_mib=memory_mib,
    )


def _tps(tokens: int, seconds: float) -> float | None:
    return tokens / seconds if tokens > 0 and seconds >= _SHORTEST_S else None


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
