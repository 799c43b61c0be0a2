"""From an admin's entry to a model of the registry."""

import re

from dispatcher.api.schemas import ModelBody
from dispatcher.core.model import Engine, HostKind, ModelSpec, QualityTable, RuntimeKind
from dispatcher.core.priors import FOR_EMBEDDING, footprint_of, load_s_of, quality_of, speed_of
from dispatcher.core.task import Capability, ModelId
from dispatcher.errors import InvalidRequest

# No engine is handed a name that could be taken for an option, a path, or another registry's host.
_REFERENCES = {
    Engine.EMBEDDED: re.compile(r"[a-z0-9][a-z0-9._-]*"),
    Engine.LLAMA_CPP: re.compile(r"[a-z0-9][a-z0-9._-]*"),
    Engine.OLLAMA: re.compile(r"([a-z0-9][a-z0-9_-]*/)?[a-z0-9][a-z0-9._-]*(:[A-Za-z0-9][A-Za-z0-9._-]*)?"),
    Engine.VLLM: re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*"),
}
_EXAMPLES = {
    Engine.EMBEDDED: "qwen2.5-coder-0.5b-instruct",
    Engine.LLAMA_CPP: "qwen2.5-coder-0.5b-instruct",
    Engine.OLLAMA: "llama3.2:3b",
    Engine.VLLM: "Qwen/Qwen2.5-7B-Instruct",
}


def model_spec(body: ModelBody) -> ModelSpec:
    """Turn an entry into a model.

    Raises: InvalidRequest naming the field and the fix.
    """
    if not _REFERENCES[body.engine].fullmatch(body.reference) or ".." in body.reference:
        raise InvalidRequest(f"reference: for {body.engine} it looks like {_EXAMPLES[body.engine]}")
    usual = HostKind.PROCESS if body.engine is Engine.EMBEDDED else HostKind.DOCKER
    host = body.host or usual
    if host is HostKind.REMOTE:
        raise InvalidRequest(
            "host: remote models come from the Ollama of AI_DISPATCH_OLLAMA_URL; say docker or process"
        )
    if host is HostKind.PROCESS and body.engine is not Engine.EMBEDDED:
        raise InvalidRequest("host: process runs only the engine embedded; say docker")
    footprint = footprint_of(body.parameters_b, body.weights_mib)
    return ModelSpec(
        id=ModelId(body.id),
        name=body.name or body.id,
        family=body.family,
        parameters_b=body.parameters_b,
        licence=body.licence,
        runtime=RuntimeKind.OLLAMA if body.engine is Engine.OLLAMA else RuntimeKind.OPENAI,
        host=host,
        context_tokens=body.context_tokens,
        slots=body.slots,
        capabilities=body.capabilities,
        quality=_quality(body),
        speed=speed_of(body.parameters_b),
        load_s=load_s_of(footprint),
        footprint=footprint,
        engine=body.engine,
        reference=body.reference,
        needs_gpu=body.needs_gpu,
        is_pinned=body.pinned,
        idle_stop_s=body.idle_stop_s,
        is_enabled=body.enabled,
    )


def _quality(body: ModelBody) -> QualityTable:
    """A server of llama.cpp or vLLM either writes or embeds; an Ollama may do both with one model."""
    if Capability.EMBEDDING not in body.capabilities:
        return quality_of(body.parameters_b)
    if body.engine is Engine.OLLAMA and body.capabilities != {Capability.EMBEDDING}:
        return quality_of(body.parameters_b)
    if body.capabilities != {Capability.EMBEDDING}:
        raise InvalidRequest(f'capabilities: a model of {body.engine} that embeds does nothing else; say ["embedding"]')
    return FOR_EMBEDDING
