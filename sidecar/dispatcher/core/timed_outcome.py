"""What one whole answer teaches about time: measured seconds and tokens, beside what the catalogue expects."""

from dataclasses import dataclass

from dispatcher.core.decision import Seconds
from dispatcher.core.forecast import REQUEST_S, prefill_s, token_s_of, typical_tokens
from dispatcher.core.model import ModelSpec
from dispatcher.core.outcome import FinishReason
from dispatcher.core.task import Complexity, Context, ModelId, TaskType

_SHORTEST_S = 1e-4  # engines round; less is no measure
_ONE_TOKEN_MIN = 2  # an answer of one token has no time between tokens


@dataclass(frozen=True, slots=True)
class Pace:
    """What the catalogue expects of a model: seconds to read and to write one token; and its size."""

    read_token_s: float
    write_token_s: float
    parameters_b: float = 1.0


def pace_of(spec: ModelSpec, threads: int) -> Pace:
    """What the catalogue expects of a model that runs on so many CPU threads."""
    return Pace(prefill_s(spec, 1, threads), token_s_of(spec, threads), spec.parameters_b)


@dataclass(frozen=True, slots=True)
class TimedOutcome:
    """One whole answer of one model. Seconds are counted from when its server was asked: no queue and no load in them.

    Load time is not model time: `load_s` (0 when nothing had to be loaded) is kept apart, and never taught as speed.

    Args:
        node: where in n8n it came from, as `node_key` says; "" when unknown.
        prefill_s, decode_s: the engine's own measures; None when it has none, and then the first token tells.
        at_once: requests its server worked on when it was asked, itself included.
        max_tokens: the longest answer it was allowed.
        promised: the forecast of its run when it was chosen; None when there was none.
        is_calibration: asked by ourselves to measure the model, not by a user.
    """

    model_id: ModelId
    task_type: TaskType
    complexity: Complexity
    node: str
    prompt_tokens: int
    completion_tokens: int
    finish_reason: FinishReason
    prefill_s: float | None
    decode_s: float | None
    first_token_s: float | None
    total_s: float
    threads: int
    at_once: int
    load_s: float
    max_tokens: int
    pace: Pace
    promised: Seconds | None = None
    is_calibration: bool = False

    @property
    def typical_tokens(self) -> int:
        """How long the catalogue expects answers to such work to be."""
        return typical_tokens(self.task_type, self.complexity)

    @property
    def reading_s(self) -> float | None:
        """Seconds of reading the prompt; None when nothing tells."""
        if self.prefill_s is not None:
            return self.prefill_s if self.prefill_s >= _SHORTEST_S else None
        if self.first_token_s is None:
            return None
        return self.first_token_s - REQUEST_S if self.first_token_s > 2 * REQUEST_S else self.first_token_s / 2

    @property
    def token_s(self) -> float | None:
        """Seconds of writing each token; None when nothing tells."""
        if self.completion_tokens < _ONE_TOKEN_MIN:
            return None
        if self.decode_s is not None:
            return self.decode_s / self.completion_tokens if self.decode_s >= _SHORTEST_S else None
        if self.first_token_s is None or self.total_s - self.first_token_s < _SHORTEST_S:
            return None
        return (self.total_s - self.first_token_s) / (self.completion_tokens - 1)

    @property
    def was_cut(self) -> bool:
        """Whether the answer would have been longer, had it been allowed."""
        return self.finish_reason is FinishReason.LENGTH


def node_key(context: Context) -> str:
    """The name of a workflow's node; "" when the caller doesn't say where it comes from."""
    if context.workflow_id is None and context.node_id is None:
        return ""
    return f"{context.workflow_id or ''}/{context.node_id or ''}"
