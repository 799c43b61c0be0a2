"""What is written down of a dispatch and of a replica's life: numbers and names, never a prompt or an answer."""

from dataclasses import dataclass
from enum import StrEnum

from dispatcher.core.decision import Decision, Explanation
from dispatcher.core.outcome import Attempt, Ending, FinishReason, Timing, Usage
from dispatcher.core.replica import ReplicaId, ReplicaState
from dispatcher.core.task import Complexity, Context, DispatchId, ModelId, Objective, Source, TaskType
from dispatcher.core.verdict import Verdict


class GroupBy(StrEnum):
    """By what the log can be summed up."""

    MODEL = "model"
    TASK_TYPE = "task_type"
    WORKFLOW = "workflow"
    NODE = "node"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class DispatchRecord:
    """One dispatch, from its arrival to its end. `started_at` is Unix time in seconds, UTC.

    Args:
        max_tokens: the longest answer that was asked for; None when the caller didn't say.
        model_id: who answered, or who was tried last.
        threads: CPU threads of its replica.
        at_once: how many dispatches the replica worked on when this one was put to it, this one included.
        verdict: what is seen of the answer without reading it; None when there was none.
        decision: None when every model was refused.
    """

    dispatch_id: DispatchId
    started_at: float
    ending: Ending
    error_code: str | None
    asked_task_type: TaskType
    asked_complexity: Complexity
    task_type: TaskType
    complexity: Complexity
    objective: Objective
    context: Context
    timeout_s: float
    prompt_chars: int
    max_tokens: int | None
    model_id: ModelId | None
    replica_id: ReplicaId | None
    threads: int | None
    at_once: int | None
    usage: Usage | None
    finish_reason: FinishReason | None
    timing: Timing
    prefill_s: float | None
    decode_s: float | None
    verdict: Verdict | None
    attempts: tuple[Attempt, ...]
    decision: Decision | None
    explanation: Explanation | None
    source: Source = Source.CALLER


@dataclass(frozen=True, slots=True)
class LifecycleRecord:
    """A replica came into a state. `at` is Unix time in seconds; `took_s` is how long the state before it lasted."""

    at: float
    replica_id: ReplicaId
    model_id: ModelId
    host: str
    state: ReplicaState
    reason: str
    took_s: float | None
    memory_mib: int | None
