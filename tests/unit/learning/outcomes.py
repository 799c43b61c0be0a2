"""Outcomes for tests: sensible by default, changed by keyword."""

from dispatcher.core.forecast import Question, Work
from dispatcher.core.model import ModelSpec
from dispatcher.core.outcome import FinishReason
from dispatcher.core.task import PLAIN_TEXT, Complexity, Context, TaskType
from dispatcher.core.timed_outcome import TimedOutcome, node_key, pace_of


def a_work(prompt_tokens: int = 100, **changes: object) -> Work:
    """A short question."""
    values: dict[str, object] = {
        "task_type": TaskType.QUESTION_ANSWERING,
        "complexity": Complexity.LOW,
        "prompt_tokens": prompt_tokens,
        "max_tokens": 1000,
        "output": PLAIN_TEXT,
        "context": Context(workflow_id="w", node_id="n"),
    }
    return Work(**{**values, **changes})  # type: ignore[arg-type]


def a_question(model: ModelSpec, threads: int = 1, max_tokens: int = 1000) -> Question:
    """A model that might do it."""
    return Question(model, threads, model.footprint_mib, max_tokens)


def an_outcome(model: ModelSpec, work: Work, slower: float = 1.0, tokens: int = 60, **changes: object) -> TimedOutcome:
    """An answer that took `slower` times what the catalogue expects for so many tokens."""
    pace = pace_of(model, 1)
    reading_s = work.prompt_tokens * pace.read_token_s * slower
    writing_s = tokens * pace.write_token_s * slower
    values: dict[str, object] = {
        "model_id": model.id,
        "task_type": work.task_type,
        "complexity": work.complexity,
        "node": node_key(work.context),
        "prompt_tokens": work.prompt_tokens,
        "completion_tokens": tokens,
        "finish_reason": FinishReason.STOP,
        "prefill_s": reading_s,
        "decode_s": writing_s,
        "first_token_s": 0.02 + reading_s,
        "total_s": 0.02 + reading_s + writing_s,
        "threads": 1,
        "at_once": 1,
        "load_s": 0.0,
        "max_tokens": work.max_tokens,
        "pace": pace,
    }
    return TimedOutcome(**{**values, **changes})  # type: ignore[arg-type]
