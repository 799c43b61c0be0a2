"""What is known of a model before it has ever run here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dispatcher.core.task import Capability, Complexity, ModelId, TaskType


class RuntimeKind(StrEnum):
    """The protocol an inference server speaks."""

    OPENAI = "openai"
    OLLAMA = "ollama"


class HostKind(StrEnum):
    """Where replicas of a model run."""

    PROCESS = "process"
    DOCKER = "docker"
    REMOTE = "remote"  # someone else runs the server; its memory isn't ours to share out


class Engine(StrEnum):
    """The program that serves a replica. What a model's `reference` means depends on it."""

    EMBEDDED = "embedded"  # ours, around llama.cpp; reference: a model of the weights catalogue
    OLLAMA = "ollama"  # reference: a name such as llama3.2:3b
    LLAMA_CPP = "llama.cpp"  # llama-server; reference: a model of the weights catalogue
    VLLM = "vllm"  # reference: a repository such as Qwen/Qwen2.5-7B-Instruct
    OPENAI = "openai"  # whatever speaks OpenAI's protocol, run by someone else; reference: its name for the model


class WeightsState(StrEnum):
    """Whether a model's file is on this machine."""

    MISSING = "missing"
    FETCHING = "fetching"
    PRESENT = "present"
    CORRUPT = "corrupt"


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens per second on one CPU thread of the reference machine."""

    prefill_tps: float
    decode_tps: float


@dataclass(frozen=True, slots=True)
class Footprint:
    """Memory a replica takes, in MiB: weights, everything fixed beside them, and the KV cache."""

    weights_mib: int
    overhead_mib: int
    kv_mib_per_1k_tokens: float

    def total_mib(self, context_tokens: int, slots: int) -> int:
        """The whole replica's memory in MiB, for `slots` contexts of `context_tokens` each."""
        cache_mib = self.kv_mib_per_1k_tokens * context_tokens / 1000 * slots
        return round(self.weights_mib + self.overhead_mib + cache_mib)


@dataclass(frozen=True, slots=True)
class QualityTable:
    """How good answers are, 0..1, by task type and complexity (never `auto`)."""

    by_task: Mapping[TaskType, Mapping[Complexity, float]]

    def of(self, task_type: TaskType, complexity: Complexity) -> float:
        """The expected quality, 0..1; 0 for work that isn't in the table."""
        return self.by_task.get(task_type, {}).get(complexity, 0.0)

    @property
    def task_types(self) -> frozenset[TaskType]:
        """The work the model can do at all."""
        return frozenset(self.by_task)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model of the registry.

    `reference` is the engine's own name for the weights. A pinned model's replicas are never evicted, nor stopped for
    idleness; `idle_stop_s` is for how long one may be idle, None for the usual time. `context_tokens` is what each slot
    is served with: the same for all callers, so that none makes it reload.

    `url` is where a model is that an admin entered and someone else runs; `requests_per_minute` is how often it may be
    asked, None for as often as one likes. `is_local` says that prompts which must stay here may go to it.
    """

    id: ModelId
    name: str
    family: str
    parameters_b: float
    licence: str
    runtime: RuntimeKind
    host: HostKind
    context_tokens: int
    slots: int
    capabilities: frozenset[Capability]
    quality: QualityTable
    speed: Speed
    load_s: float
    footprint: Footprint
    engine: Engine = Engine.EMBEDDED
    reference: str = ""
    needs_gpu: bool = False
    is_pinned: bool = False
    idle_stop_s: float | None = None
    usd_per_mtok: float = 0.0
    is_local: bool = True
    is_enabled: bool = True
    url: str = ""
    requests_per_minute: int | None = None

    @property
    def task_types(self) -> frozenset[TaskType]:
        """The work it can do at all; one that writes may embed besides."""
        embeds = {TaskType.EMBEDDING} if Capability.EMBEDDING in self.capabilities else set()
        return self.quality.task_types | embeds

    @property
    def only_embeds(self) -> bool:
        """Whether it turns texts into vectors, and writes none."""
        return self.quality.task_types == {TaskType.EMBEDDING}

    @property
    def footprint_mib(self) -> int:
        """Memory one replica takes, in MiB, before it has been measured."""
        return self.footprint.total_mib(self.context_tokens, self.slots)
