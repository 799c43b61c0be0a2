"""The models of an Ollama that someone else runs: what its own lists say of them, as models of the registry."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from dispatcher.core.model import Engine, Footprint, HostKind, ModelSpec, RuntimeKind
from dispatcher.core.priors import FOR_EMBEDDING, load_s_of, quality_of, speed_of
from dispatcher.core.task import Capability, ModelId

_CONTEXT_TOKENS = 4096  # Ollama's own default, until it says how it has loaded the model
_BYTES_PER_BILLION = 0.65e9  # 4-bit weights, for a model that doesn't say how large it is
_BILLIONS_MIN, _BILLIONS_MAX = 0.001, 2000.0
_CAPABILITIES = {
    "tools": Capability.TOOLS,
    "vision": Capability.VISION,
    "thinking": Capability.THINKING,
    "embedding": Capability.EMBEDDING,
}
_EMBEDDING_FAMILIES = frozenset({"bert", "nomic-bert", "nomic-bert-moe"})  # encoders: they can't write
_UNITS = {"": 1e-9, "K": 1e-6, "M": 1e-3, "B": 1.0, "T": 1e3}


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One entry of an Ollama's list. `parameters` is in its words, such as 3.2B; `digest` changes with the weights."""

    reference: str
    digest: str
    size_bytes: int
    family: str
    parameters: str


def adopted_model(served: ServedModel, can: Collection[str], *, is_local: bool) -> ModelSpec | None:
    """The model to offer; None for one that neither writes nor embeds.

    Args:
        can: its capabilities in Ollama's words; an older Ollama tells none: the family says what it does then.
        is_local: whether prompts that must stay local may go there.
    """
    can = can or ({"embedding"} if served.family in _EMBEDDING_FAMILIES else {"completion"})
    writes, embeds = "completion" in can, "embedding" in can
    if not writes and not embeds:
        return None
    billions = _billions(served)
    footprint = Footprint(round(served.size_bytes / 2**20), 0, 0.0)
    return ModelSpec(
        id=adopted_id(served.reference),
        name=served.reference,
        family=served.family or "plain",
        parameters_b=billions,
        licence="unknown",
        runtime=RuntimeKind.OLLAMA,
        host=HostKind.REMOTE,
        context_tokens=_CONTEXT_TOKENS,
        slots=1,
        capabilities=_told(can) | ({Capability.JSON} if writes else set()),
        quality=quality_of(billions) if writes else FOR_EMBEDDING,
        speed=speed_of(billions),
        load_s=load_s_of(footprint),
        footprint=footprint,
        engine=Engine.OLLAMA,
        reference=served.reference,
        is_local=is_local,
    )


def adopted_id(reference: str) -> ModelId:
    """What a model of an adopted Ollama is called here: its own name after `ollama:`."""
    return ModelId("ollama:" + re.sub(r"[^a-z0-9._:-]", "-", reference.lower())[:90])


def _billions(served: ServedModel) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMBT]?)", served.parameters.strip().upper())
    told = float(found[1]) * _UNITS[found[2]] if found else served.size_bytes / _BYTES_PER_BILLION
    return min(max(told, _BILLIONS_MIN), _BILLIONS_MAX)


def _told(can: Collection[str]) -> frozenset[Capability]:
    return frozenset(_CAPABILITIES[word] for word in can if word in _CAPABILITIES)
