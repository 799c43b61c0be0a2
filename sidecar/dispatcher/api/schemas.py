"""The JSON bodies of the HTTP API. Requests take snake_case and camelCase; replies are snake_case."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, SecretStr
from pydantic.alias_generators import to_camel

from dispatcher.core.breaker import BreakerState
from dispatcher.core.decision import RefusalReason, Way
from dispatcher.core.feedback import FeedbackSource
from dispatcher.core.model import Engine, HostKind, WeightsState
from dispatcher.core.outcome import Ending, FinishReason
from dispatcher.core.replica import ReplicaState
from dispatcher.core.task import Capability, Complexity, Objective, OnInfeasible, Privacy, Role, Source, TaskType

_Name = Annotated[str, Field(min_length=1, max_length=200)]


class Body(BaseModel):
    """A request: unknown fields are refused, numbers must be numbers."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=False,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        allow_inf_nan=False,
        str_strip_whitespace=False,
    )


class Reply(BaseModel):
    """A reply."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=False)


class MessageBody(Body):
    """One turn of a chat."""

    role: Role
    content: str


class RequirementsBody(Body):
    """What the answer must keep to."""

    max_tokens: int | None = Field(None, ge=1, le=131_072, description="Longest answer, in tokens.")
    timeout: float | None = Field(None, gt=0, le=86_400, description="Seconds until the answer must be whole.")
    min_quality: float = Field(0.0, ge=0, le=1, description="Models expected to be worse than this are left out.")
    max_cost: float | None = Field(None, ge=0, description="Most this answer may cost, in USD.")
    temperature: float | None = Field(None, ge=0, le=2, description="Sampling temperature; the model's own if absent.")
    format: Literal["text", "json"] | dict[str, Any] = Field(
        "text", description="`text`, `json`, or a JSON schema that the answer must satisfy."
    )
    privacy: Privacy = Field(
        Privacy.ANY, description="`local`: the prompt stays here, or goes where an admin said it may."
    )
    capabilities: frozenset[Capability] = Field(frozenset(), description="What the model must be able to do.")
    on_infeasible: OnInfeasible = Field(
        OnInfeasible.REFUSE,
        description="When no model is likely to keep the timeout: `refuse` says so at once, `best_effort` tries with "
        "whichever comes nearest, such as a weaker one that is warm.",
    )


class ContextBody(Body):
    """Where in n8n the dispatch comes from."""

    workflow_id: _Name | None = None
    node_id: _Name | None = None
    execution_id: _Name | None = None
    item_index: int | None = Field(None, ge=0)
    run_index: int | None = Field(None, ge=0, description="The node's run; the same item of it again is a retry.")


class PromptBody(Body):
    """One prompt to answer: either `prompt` or `messages`."""

    prompt: str | None = Field(None, description="The user's text.")
    messages: list[MessageBody] | None = Field(None, description="A chat, oldest first, instead of `prompt`.")
    system: str | None = Field(None, description="Instructions for the model, before everything else.")
    task_type: TaskType = Field(TaskType.AUTO, description="The kind of work; `auto` finds out.")
    complexity: Complexity = Field(Complexity.AUTO, description="How hard the work is; `auto` finds out.")
    objective: Objective = Field(Objective.BALANCED, description="What the choice favours.")
    requirements: RequirementsBody = Field(default_factory=RequirementsBody)
    model: _Name | None = Field(
        None,
        description="Pins the choice to one model; absent or `auto` leaves it free, and so does an alias such as "
        "`auto:fast` or `auto:code`, which says what is wanted.",
    )
    context: ContextBody = Field(default_factory=ContextBody)
    priority: int = Field(0, ge=-100, le=100, description="Larger goes first among those that wait.")
    explore: bool = Field(
        True, description="Whether now and then another model than the best known may be tried, to learn from it."
    )


class DispatchBody(PromptBody):
    """One prompt to answer while its caller waits: either `prompt` or `messages`."""

    stream: bool = Field(False, description="Send the answer as server-sent events while it is written.")
    cache: bool = Field(
        False,
        description="Whether the answer to exactly the same request may be given again, if "
        "`AI_DISPATCH_RESPONSE_CACHE_MIB` keeps any; only with `requirements.temperature` 0.",
    )


# Only who enters a model writes it into a body; everywhere else it shows as stars.
_Secret = Annotated[SecretStr, PlainSerializer(SecretStr.get_secret_value, return_type=str, when_used="json")]


class ModelBody(Body):
    """A model as an admin enters it. What isn't said is taken from its size until it is measured.

    With the host `remote` someone else runs it, at `url`; the fields after that are for such models only.
    """

    id: str = Field(min_length=1, max_length=100, pattern=r"^[a-z0-9][a-z0-9._:-]*$", description="Its name here.")
    engine: Engine = Field(description="The program that serves it.")
    reference: str = Field(
        min_length=1,
        max_length=200,
        description="The engine's own name for it: `llama3.2:3b` for ollama, `owner/name` for vllm, "
        "a model of the weights catalogue for embedded and llama.cpp; of a remote one, its server's name for it.",
    )
    host: HostKind | None = Field(
        None,
        description="Where its replicas run; if absent, `process` for embedded, `remote` for openai, `docker` for "
        "the others.",
    )
    name: _Name | None = Field(None, description="For people; the id if absent.")
    family: str = Field("plain", min_length=1, max_length=60, description="Its prompt dialect.")
    parameters_b: float = Field(gt=0, le=2000, description="Size in billions of parameters.")
    licence: str = Field("unknown", min_length=1, max_length=100)
    context_tokens: int = Field(
        4096, ge=256, le=1_048_576, description="Context of each slot, the same for all callers."
    )
    slots: int | None = Field(
        None, ge=1, le=64, description="Answers a replica writes at the same time; 1 if absent, 8 of a remote openai."
    )
    weights_mib: int | None = Field(None, ge=1, le=4_194_304, description="Size of the weights, in MiB.")
    capabilities: frozenset[Capability] = Field(frozenset({Capability.JSON}), description="What it can do.")
    needs_gpu: bool = False
    pinned: bool = Field(False, description="Its replicas are never evicted, nor stopped for idleness.")
    idle_stop_s: float | None = Field(
        None, gt=0, le=31_536_000, description="How long one may be idle; `AI_DISPATCH_IDLE_STOP_S` if absent."
    )
    enabled: bool = True
    url: str | None = Field(
        None,
        min_length=1,
        max_length=500,
        description="Where a remote model is: `https://api.example.com/v1`, or of an Ollama `http://192.168.1.20:11434`.",
    )
    api_key: _Secret | None = Field(
        None,
        max_length=4096,
        description="Its key, sent to the scheme, host and port of `url` and nowhere else, and never shown. In a PUT, "
        "absent keeps the one there is, if that is for the same place; empty removes it.",
        json_schema_extra={"writeOnly": True},
    )
    usd_per_mtok: float = Field(0.0, ge=0, le=1e6, description="What a million tokens cost there, in US dollars.")
    requests_per_minute: int | None = Field(None, ge=1, le=100_000, description="How often it may be asked.")
    local: bool = Field(False, description="Whether prompts with `privacy: local` may go there.")


class ModelSwitches(Body):
    """What may be changed of any model, also of those that come with the package."""

    enabled: bool | None = Field(None, description="Whether it may be chosen.")
    pinned: bool | None = Field(None, description="Whether its replicas stay.")


class ForecastReply(Reply):
    """What was expected. Times in seconds, quality and success 0..1."""

    p50_s: float
    p90_s: float
    success: float
    quality: float
    output_tokens: int
    cost_usd: float


class OptionReply(Reply):
    """One model run in one way, and what it was worth."""

    model: str
    way: Way
    utility: float
    chance_in_time: float
    forecast: ForecastReply


class RefusalReply(Reply):
    """A model that was left out, and why."""

    model: str
    reason: RefusalReason
    message: str


class UsedVariantReply(Reply):
    """The version of the prompt variants that are meant for such work; version 0 adds nothing to the caller's words."""

    family: str
    task_type: str
    version: int
    propensity: float = Field(description="The chance with which it was drawn; 1 where it was certain.")


class DecisionReply(Reply):
    """The choice and its reasons."""

    model: str
    way: Way
    why: str
    deciding_term: str | None = None
    flip: str | None = Field(None, description="The smallest change that would have chosen the runner-up.")
    objective: Objective
    utility: float
    propensity: float = Field(description="The chance with which this was chosen; 1 where it was certain.")
    explored: bool = Field(description="Another was expected to be better: this one was tried to learn of it.")
    ranker: str = Field(description="What made the forecasts.")
    prompt_variant: UsedVariantReply | None = Field(
        None, description="How the prompt is put to the model; absent where no variant is meant for such work."
    )
    forecast: ForecastReply
    runner_up: OptionReply | None = None
    options: list[OptionReply]
    refused: list[RefusalReply]


class UsageReply(Reply):
    """Tokens read and written."""

    prompt_tokens: int
    completion_tokens: int


class TimingReply(Reply):
    """Where the time went, in seconds."""

    queue_s: float
    load_s: float
    first_token_s: float | None
    total_s: float


class AttemptReply(Reply):
    """One try at one model."""

    model: str
    succeeded: bool
    error: str | None
    total_s: float


class DispatchReply(Reply):
    """The answer, who gave it, and why they were chosen."""

    dispatch_id: str
    text: str
    json_value: Any = Field(None, alias="json", description="The parsed answer when a JSON format was asked for.")
    model: str
    task_type: TaskType
    complexity: Complexity
    finish_reason: FinishReason
    decision: DecisionReply
    usage: UsageReply
    timing: TimingReply
    attempts: list[AttemptReply]


class ExplainReply(Reply):
    """What would be chosen now; nothing was run."""

    task_type: TaskType
    complexity: Complexity
    decision: DecisionReply


class ProgressReply(Reply):
    """How far a download is."""

    done_bytes: int
    total_bytes: int
    source: str


class FetchingReply(Reply):
    """How far a replica's own download is: of its image, or of its model."""

    what: str
    done_bytes: int
    total_bytes: int | None


class ModelReply(Reply):
    """One model of the registry and its state here."""

    id: str
    name: str
    family: str
    parameters_b: float
    licence: str
    engine: Engine
    reference: str
    runtime: str
    host: str
    enabled: bool
    idle_stop_s: float | None
    pinned: bool
    needs_gpu: bool
    slots: int
    context_tokens: int
    memory_mib: int
    task_types: list[TaskType]
    capabilities: list[Capability]
    weights: WeightsState
    progress: ProgressReply | None
    state: ReplicaState
    quarantine: str | None
    url: str | None = Field(None, description="Where someone else runs it, by an admin's entry.")
    has_api_key: bool = Field(False, description="Whether a key was entered; the key itself is never shown.")
    usd_per_mtok: float = 0.0
    requests_per_minute: int | None = None
    local: bool = Field(True, description="Whether prompts with `privacy: local` may go there.")
    reason: str | None = Field(None, description="Why it can't be used just now, or what seems wrong with its server.")


class ModelsReply(Reply):
    """The registry."""

    models: list[ModelReply]


class ContainerReply(Reply):
    """One replica. Memory in MiB, times in seconds."""

    id: str
    model: str
    host: str
    state: ReplicaState
    paused: bool = Field(description="It sleeps with its memory kept, and wakes in a moment when it is used.")
    breaker: BreakerState = Field(
        BreakerState.CLOSED, description="Not closed when it failed too often lately to be trusted with work."
    )
    pid: int | None
    threads: int
    slots: int = Field(description="Answers it may write at once now; fewer than it could when that is quicker.")
    in_flight: int
    waiting: int
    memory_mib: int | None
    memory_peak_mib: int | None
    memory_reserved_mib: int
    memory_limit_mib: int | None = Field(description="More than this ends it; absent where someone else runs it.")
    idle_s: float
    ready_in_s: float | None = Field(description="Until it answers; absent where that isn't known.")
    uptime_s: float
    fetching: FetchingReply | None
    reason: str


class ContainersReply(Reply):
    """The fleet, and the memory lent to it."""

    memory_budget_mib: int
    memory_reserved_mib: int
    containers: list[ContainerReply]


class PerformanceRowReply(Reply):
    """Dispatches that share a key. Times in seconds, of the ones that succeeded."""

    key: str | None = Field(description="None gathers the dispatches that named none.")
    workflow_id: str | None = Field(description="The node's workflow, when grouped by node.")
    dispatches: int
    success_rate: float | None
    avg_total_s: float | None
    p50_total_s: float | None
    p90_total_s: float | None
    avg_first_token_s: float | None
    avg_load_s: float | None
    prompt_tokens: int
    completion_tokens: int
    p90_kept: float | None = Field(description="Share done within the P90 that was foretold; 0.9 is honest.")
    explored: int = Field(description="Those that tried a model though another was expected to be better.")


class AgreedReply(Reply):
    """Dispatches whose caller named something, and how many of them `auto` would have named so too."""

    named: int
    agreed: int
    rules_agreed: int = Field(description="How many the rules alone would have named so.")
    share: float | None = Field(description="agreed ÷ named; null when nobody named any.")


class AutoAgreementReply(Reply):
    """How often `auto` would have said what callers said themselves, each asked before it was learned from."""

    task_type: AgreedReply
    complexity: AgreedReply


class PerformanceReply(Reply):
    """How dispatches went, grouped."""

    group_by: str
    since: str
    rows: list[PerformanceRowReply]
    auto_agreement: AutoAgreementReply = Field(description="Since the sidecar's start, of all dispatches.")


class SaidReply(Reply):
    """What somebody said of an answer."""

    token: str = Field(description="The name of the token that said it.")
    source: FeedbackSource
    score: float
    comment: str | None
    counted: bool = Field(description="False when that token had said too much that day.")
    said_at: str


class StoredDispatchReply(Reply):
    """One dispatch of the log: numbers and names, never its text."""

    dispatch_id: str
    started_at: str
    ending: Ending
    error: str | None
    model: str | None
    task_type: TaskType
    complexity: Complexity
    objective: Objective
    workflow_id: str | None
    node_id: str | None
    execution_id: str | None
    item_index: int | None
    run_index: int | None
    timeout_s: float
    prompt_chars: int
    max_tokens: int | None
    threads: int | None = Field(description="CPU threads of the replica; absent where someone else runs it.")
    at_once: int | None = Field(description="Dispatches it worked on at the same time, this one included.")
    valid: bool | None = Field(description="Whether the answer had the shape that was asked for, if one was.")
    empty: bool | None
    declined: bool | None = Field(description="Whether the model declined to answer.")
    source: Source
    usage: UsageReply | None
    timing: TimingReply
    attempts: list[AttemptReply]
    decision: DecisionReply | None
    feedback: list[SaidReply]


class HealthReply(Reply):
    """The process is alive."""

    status: Literal["ok"]
    version: str


class ReadyPartReply(Reply):
    """Whether one part works."""

    status: Literal["ok", "degraded", "down"]
    detail: str


class ReadyReply(Reply):
    """What works and what doesn't. HTTP 503 when no dispatch could be answered."""

    status: Literal["ready", "degraded", "not_ready"]
    parts: dict[str, ReadyPartReply]


class ErrorDetail(Reply):
    """One error, for programs (`code`) and for people (`message`)."""

    code: str
    message: str
    retryable: bool
    retry_after_s: float | None = None
    feasible_in_s: float | None = Field(None, description="The least requirements.timeout that would do, from now.")
    dispatch_id: str | None = None
    origin: Literal["dispatcher", "runtime"]
    incomplete: bool = Field(False, description="The text streamed before is only a part of the answer.")


class ErrorReply(Reply):
    """Every error has this shape."""

    error: ErrorDetail


class WaitingEvent(Reply):
    """A dispatch waits for a replica. Sent about once a second, from the second second on, until the answer begins."""

    model: str
    state: ReplicaState | None = Field(description="Of its replica; absent while other models have their turn.")
    ahead: int = Field(description="Dispatches that wait for the model or that its replica works on, this one counted.")
    waited_s: float
    ready_in_s: float | None = Field(description="Until the replica answers; absent where that isn't known.")
    fetching: FetchingReply | None = Field(description="How far the download of its image or model is.")


class TextEvent(Reply):
    """One piece of an answer."""

    text: str
