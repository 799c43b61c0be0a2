"""What a caller asks for: the work, how hard it is, and what the answer must be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

ModelId = NewType("ModelId", str)
DispatchId = NewType("DispatchId", str)


class TaskType(StrEnum):
    """The kind of work; `auto` lets the dispatcher find out."""

    AUTO = "auto"
    TEXT_GENERATION = "text-generation"
    CODE_GENERATION = "code-generation"
    SUMMARIZATION = "summarization"
    CLASSIFICATION = "classification"
    EXTRACTION = "extraction"
    QUESTION_ANSWERING = "question-answering"
    REASONING = "reasoning"
    TRANSLATION = "translation"
    CHAT = "chat"
    EMBEDDING = "embedding"


class Complexity(StrEnum):
    """How hard the work is; `auto` lets the dispatcher find out."""

    AUTO = "auto"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Objective(StrEnum):
    """What the choice should favour when models differ in time, quality and cost."""

    BALANCED = "balanced"
    FASTEST = "fastest"
    BEST = "best"
    CHEAPEST = "cheapest"


class Privacy(StrEnum):
    """Where a prompt may go: anywhere, or only to models on this machine."""

    ANY = "any"
    LOCAL = "local"


class OnInfeasible(StrEnum):
    """What to do when no model is likely to keep the deadline: say so at once, or try with whichever comes nearest."""

    REFUSE = "refuse"
    BEST_EFFORT = "best_effort"


class Capability(StrEnum):
    """What a model or its runtime can do beyond plain chat."""

    JSON = "json"
    TOOLS = "tools"
    VISION = "vision"
    EMBEDDING = "embedding"


class Role(StrEnum):
    """Who speaks in a chat message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class FormatKind(StrEnum):
    """The shape the answer must have."""

    TEXT = "text"
    JSON = "json"
    JSON_SCHEMA = "json_schema"


class Source(StrEnum):
    """Who asks: somebody who wants the answer, or the sidecar, which wants to know its models."""

    CALLER = "caller"
    CALIBRATION = "calibration"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """The asked shape; `schema` is a JSON schema when the kind is JSON_SCHEMA, else None."""

    kind: FormatKind = FormatKind.TEXT
    schema: Mapping[str, object] | None = None


PLAIN_TEXT = OutputFormat()


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the answer must keep to; None means the caller doesn't say."""

    timeout_s: float
    max_tokens: int | None = None
    min_quality: float = 0.0
    max_cost_usd: float | None = None
    temperature: float | None = None
    output: OutputFormat = PLAIN_TEXT
    privacy: Privacy = Privacy.ANY
    capabilities: frozenset[Capability] = frozenset()
    on_infeasible: OnInfeasible = OnInfeasible.REFUSE


@dataclass(frozen=True, slots=True)
class Context:
    """Where in n8n a dispatch comes from; every part is optional.

    `run_index` counts the node's runs within an execution: the same item of the same run again is a retry.
    """

    workflow_id: str | None = None
    node_id: str | None = None
    execution_id: str | None = None
    item_index: int | None = None
    run_index: int | None = None


@dataclass(frozen=True, slots=True)
class DispatchRequest:
    """One prompt to answer. `model` pins the choice to one model; of `priority`, -100..100, the larger goes first.

    `explore` says whether another model than the best known may be tried for it, to learn from that.
    """

    messages: tuple[Message, ...]
    requirements: Requirements
    task_type: TaskType = TaskType.AUTO
    complexity: Complexity = Complexity.AUTO
    objective: Objective = Objective.BALANCED
    model: ModelId | None = None
    context: Context = field(default_factory=Context)
    priority: int = 0
    explore: bool = True
    source: Source = Source.CALLER

    @property
    def share(self) -> str:
        """Whose it is, such as a workflow: room and slots are shared out fairly between these."""
        return self.context.workflow_id or ""
