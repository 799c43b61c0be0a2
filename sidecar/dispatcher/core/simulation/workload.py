"""What is simulated: models, the memory lent to them, and the calls that come."""

from dataclasses import dataclass, field

from dispatcher.core.eligibility import Candidate, refusal
from dispatcher.core.features import TextFeatures
from dispatcher.core.forecast import Work, forecast
from dispatcher.core.task import (
    PLAIN_TEXT,
    Complexity,
    Context,
    DispatchRequest,
    ModelId,
    Objective,
    Requirements,
    TaskType,
)

_CHARS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a workflow. Times in seconds.

    Args:
        number: its place in the workload, from 0.
        arrives_s: when it comes: after the start, or after the end of the call that it follows.
        timeout_s: after so long its caller gives up.
        model: the one it asks for; None leaves the choice open.
        follows: the number of the call whose end it waits for, as in a loop over items; None when it comes by itself.
        luck: how long its answer really takes, as a multiple of the forecast.
    """

    number: int
    arrives_s: float
    timeout_s: float
    prompt_tokens: int
    max_tokens: int
    task_type: TaskType = TaskType.TEXT_GENERATION
    complexity: Complexity = Complexity.MEDIUM
    objective: Objective = Objective.BALANCED
    model: ModelId | None = None
    workflow: str = ""
    priority: int = 0
    follows: int | None = None
    luck: float = 1.0

    @property
    def request(self) -> DispatchRequest:
        """The call as the sidecar is asked, without its text."""
        return DispatchRequest(
            messages=(),
            requirements=Requirements(timeout_s=self.timeout_s, max_tokens=self.max_tokens),
            task_type=self.task_type,
            complexity=self.complexity,
            objective=self.objective,
            model=self.model,
            context=Context(workflow_id=self.workflow or None),
            priority=self.priority,
        )

    @property
    def text(self) -> TextFeatures:
        """What is known of its prompt."""
        return TextFeatures(self.prompt_tokens * _CHARS_PER_TOKEN, self.prompt_tokens, 1, 1, 0, "")

    def forecast_s(self, candidate: Candidate) -> float:
        """How long this model is expected to take for it, once it is up."""
        room = max(1, candidate.spec.context_tokens - self.prompt_tokens)
        work = Work(self.task_type, self.complexity, self.prompt_tokens, min(self.max_tokens, room), PLAIN_TEXT)
        return forecast(candidate.spec, work, candidate.threads, candidate.footprint_mib).run.p50

    def run_s(self, candidate: Candidate) -> float:
        """How long this model really takes for it."""
        return self.forecast_s(candidate) * self.luck


@dataclass(frozen=True, slots=True)
class Workload:
    """All of a simulation's input. `calls` are in the order of their numbers.

    Args:
        stop_s: from the order to stop an idle replica until its memory is free.
    """

    models: tuple[Candidate, ...]
    calls: tuple[Call, ...]
    budget_mib: int
    stop_s: float = 0.2
    candidates: dict[ModelId, Candidate] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "candidates", {one.spec.id: one for one in self.models})

    def is_able(self, candidate: Candidate, call: Call) -> bool:
        """Whether a model can take this call at all."""
        return refusal(candidate, call.request, call.task_type, call.text, self.budget_mib) is None

    def named(self, call: Call) -> Candidate | None:
        """The model a person would have put down for this call; None when there is none that can take it.

        That is the one it asks for, else the best of those that, started for it, answer in half of its time; when there
        is none, the quickest.
        """
        able = [
            one for one in self.models if not refusal(one, call.request, call.task_type, call.text, self.budget_mib)
        ]
        times = {one.spec.id: one.spec.load_s + call.forecast_s(one) for one in able}
        in_time = [one for one in able if times[one.spec.id] <= call.timeout_s / 2]
        if not in_time:
            return min(able, key=lambda one: (times[one.spec.id], one.spec.id), default=None)
        return max(in_time, key=lambda one: (one.spec.quality.of(call.task_type, call.complexity), one.spec.id))
