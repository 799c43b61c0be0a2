"""The models offered where Docker runs replicas: what is known of them before they were measured here."""

from dispatcher.core.model import Engine, Footprint, HostKind, ModelSpec, RuntimeKind
from dispatcher.core.priors import load_s_of, quality_of, speed_of
from dispatcher.core.task import Capability, ModelId

_CONTEXT_TOKENS = 4096
_OVERHEAD_MIB = 350

# id, name for people, Ollama's name, family, billions, licence, weights and KV cache per 1,000 tokens in MiB.
# The cache is layers x KV heads x head size x 2 (keys, values) x 2 bytes.
_OLLAMA = (
    ("llama3.2-3b", "Llama 3.2 3B", "llama3.2:3b", "llama3", 3.21, "Llama-3.2-Community", 1926, 109.4),
    ("phi3-mini", "Phi-3 mini", "phi3:mini", "phi3", 3.82, "MIT", 2076, 375.0),
    ("qwen2.5-7b", "Qwen2.5 7B", "qwen2.5:7b", "qwen2.5", 7.62, "Apache-2.0", 4466, 54.7),
)


def ollama_models() -> tuple[ModelSpec, ...]:
    """Three models for general work, each served by an Ollama of its own, which fetches it when it first starts."""
    return tuple(_ollama(*row) for row in _OLLAMA)


def _ollama(
    model_id: str,
    name: str,
    reference: str,
    family: str,
    parameters_b: float,
    licence: str,
    weights_mib: int,
    kv_mib_per_1k_tokens: float,
) -> ModelSpec:
    footprint = Footprint(weights_mib, _OVERHEAD_MIB, kv_mib_per_1k_tokens)
    return ModelSpec(
        id=ModelId(model_id),
        name=name,
        family=family,
        parameters_b=parameters_b,
        licence=licence,
        runtime=RuntimeKind.OLLAMA,
        host=HostKind.DOCKER,
        context_tokens=_CONTEXT_TOKENS,
        slots=1,
        capabilities=frozenset({Capability.JSON, Capability.TOOLS}),
        quality=quality_of(parameters_b),
        speed=speed_of(parameters_b),
        load_s=load_s_of(footprint),
        footprint=footprint,
        engine=Engine.OLLAMA,
        reference=reference,
    )
