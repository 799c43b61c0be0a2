"""What is known of models and aliases, in the words of Ollama's lists."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from dispatcher.api.ollama.reply_schemas import OllamaDetails, OllamaModelReply
from dispatcher.core.aliases import Alias
from dispatcher.core.model import Engine, ModelSpec
from dispatcher.core.replica import ReplicaId
from dispatcher.core.task import Capability, TaskType
from dispatcher.service.registry import Registry

_MIB = 2**20
_NO_REPLICA = ReplicaId("")
_QUANTIZATION = re.compile(r"(?:^|[._:-])((?:i?q\d[a-z0-9_]*)|bf16|fp?16|fp?32)(?=$|[._:-])", re.IGNORECASE)
_WORDS = (
    (Capability.TOOLS, "tools"),
    (Capability.VISION, "vision"),
    (Capability.THINKING, "thinking"),
    (Capability.EMBEDDING, "embedding"),
)


@dataclass(frozen=True, slots=True)
class OllamaFacts:
    """Words models. `modified_at` is a time as Ollama writes it: nobody notes when a model came."""

    registry: Registry
    modified_at: str

    def row(self, spec: ModelSpec) -> OllamaModelReply:
        """A model in the list of those there are."""
        return OllamaModelReply(
            name=spec.id,
            model=spec.id,
            modified_at=self.modified_at,
            size=spec.footprint.weights_mib * _MIB,
            digest=self.digest(spec),
            details=self.details(spec),
        )

    def alias_row(self, name: str, alias: Alias) -> OllamaModelReply:
        """An alias in that list."""
        return OllamaModelReply(
            name=name,
            model=name,
            modified_at=self.modified_at,
            size=0,
            digest=_hash(f"alias {name}"),
            details=_details("", "auto", "", ""),
            told=alias.told,
        )

    def digest(self, spec: ModelSpec) -> str:
        """The SHA-256 of its file; where that isn't ours to know, a number that changes when the entry does."""
        known = self.registry.order(spec, _NO_REPLICA).weights_sha256
        return known or _hash(f"{spec.engine} {spec.reference or spec.id}")

    def details(self, spec: ModelSpec) -> OllamaDetails:
        """What is known of its weights."""
        path = self.registry.order(spec, _NO_REPLICA).weights_path
        found = _QUANTIZATION.search(path.rpartition("/")[2].removesuffix(".gguf") or spec.reference or spec.id)
        form = "safetensors" if spec.engine is Engine.VLLM else "gguf"
        return _details(form, spec.family, parameter_size(spec), found[1].upper() if found else "unknown")


def capabilities_of(specs: Iterable[ModelSpec]) -> list[str]:
    """What at least one of these models can do."""
    found = tuple(specs)
    can = {capability for spec in found for capability in spec.capabilities}
    answers = any(spec.quality.task_types - {TaskType.EMBEDDING} for spec in found)
    return [*(["completion"] if answers else []), *(word for capability, word in _WORDS if capability in can)]


def parameter_size(spec: ModelSpec) -> str:
    """Its size as Ollama writes it, such as 494M or 1.5B."""
    if spec.parameters_b < 1:
        return f"{spec.parameters_b * 1000:.0f}M"
    return f"{spec.parameters_b:.1f}B"


def _details(form: str, family: str, size: str, quantization: str) -> OllamaDetails:
    return OllamaDetails(
        parent_model="",
        format=form,
        family=family,
        families=[family],
        parameter_size=size,
        quantization_level=quantization,
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
