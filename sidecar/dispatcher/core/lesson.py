"""What one dispatch teaches: the request as it was seen, who answered, how long that took, and how good it was."""

from dataclasses import dataclass

from dispatcher.core.features import RequestFeatures
from dispatcher.core.model import ModelSpec
from dispatcher.core.reward import Label
from dispatcher.core.task import Complexity, Context, FormatKind, TaskType
from dispatcher.core.timed_outcome import TimedOutcome, node_key


@dataclass(frozen=True, slots=True)
class Lesson:
    """One answer, or the lack of one, of one model.

    Args:
        features: the request as the ranker saw it; None of one that looks at none.
        timed: its times; None when they say nothing of the model.
        label: whether it was usable, how good it was, and how sure that is.
        shared: the same where dispatches of others are decided by it: callers' words count there only so much.
    """

    spec: ModelSpec
    task_type: TaskType
    complexity: Complexity
    context: Context
    output: FormatKind
    prompt_tokens: int
    features: RequestFeatures | None
    timed: TimedOutcome | None
    label: Label
    shared: Label

    @property
    def node(self) -> str:
        """Where in n8n it came from; "" when unknown."""
        return node_key(self.context)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a ranker expected of the model of a lesson, before it learned it: `worth` is success times quality, 0..1."""

    worth: float
