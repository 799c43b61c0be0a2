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
    THINKING = "thinking"


class Role(StrEnum):
    """Who speaks in a chat message."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"  # the result of a tool that the assistant called


class ToolUse(StrEnum):
    """Whether a model may call the tools it is offered: as it sees fit, not at all, or in any case."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"


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
class Image:
    """A picture beside the words of a message: its bytes in base64, never an address to fetch it from."""

    media_type: str
    base64: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to have a tool run; `arguments` is JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat.

    An assistant's turn may hold tool calls; a tool's turn is the result of the call with `tool_call_id`, of the tool
    named `tool_name` (None where the caller's protocol doesn't say).
    """

    role: Role
    content: str
    images: tuple[Image, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    tool_name: str | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may ask to have run; `parameters` is the JSON schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of a request; `only` is the name of the one that must be called, if it must be that one."""

    tools: tuple[Tool, ...] = ()
    use: ToolUse = ToolUse.AUTO
    only: str | None = None
    is_parallel: bool = True

    @property
    def offered(self) -> tuple[Tool, ...]:
        """The tools that may be called at all."""
        if self.use is ToolUse.NONE:
            return ()
        return tuple(tool for tool in self.tools if self.only in (None, tool.name))


NO_TOOLS = Toolbox()


@dataclass(frozen=True, slots=True)
class Sampling:
    """How words are drawn; None leaves it to the model's runtime. `stop` are texts before which an answer ends."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    repeat_penalty: float | None = None
    stop: tuple[str, ...] = ()


AS_USUAL = Sampling()


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """The asked shape; `schema` is a JSON schema when the kind is JSON_SCHEMA, else None."""

    kind: FormatKind = FormatKind.TEXT
    schema: Mapping[str, object] | None = None


PLAIN_TEXT = OutputFormat()


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the answer must keep to; None means the caller doesn't say.

    `top_logprobs` asks for the log probability of each token, and of so many alternatives; `think` says whether a model
    that can is to think aloud first.
    """

    timeout_s: float
    max_tokens: int | None = None
    min_quality: float = 0.0
    max_cost_usd: float | None = None
    sampling: Sampling = AS_USUAL
    output: OutputFormat = PLAIN_TEXT
    privacy: Privacy = Privacy.ANY
    capabilities: frozenset[Capability] = frozenset()
    on_infeasible: OnInfeasible = OnInfeasible.REFUSE
    top_logprobs: int | None = None
    think: bool | None = None


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
    toolbox: Toolbox = NO_TOOLS

    @property
    def needs(self) -> frozenset[Capability]:
        """What a model must be able to do for this: what is asked for, and what follows from the rest."""
        wants = self.requirements
        found = set(wants.capabilities)
        if self.toolbox.offered:
            found.add(Capability.TOOLS)
        if any(message.images for message in self.messages):
            found.add(Capability.VISION)
        if wants.think:
            found.add(Capability.THINKING)
        return frozenset(found)

    @property
    def share(self) -> str:
        """Whose it is, such as a workflow: room and slots are shared out fairly between these."""
        return self.context.workflow_id or ""
