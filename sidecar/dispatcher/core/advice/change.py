"""What a change does to a model's entry."""

from dataclasses import replace

from dispatcher.core.advice.rule import ChangeKind
from dispatcher.core.model import Footprint, ModelSpec


def value_of(spec: ModelSpec, kind: ChangeKind) -> float:
    """The number as it is."""
    match kind:
        case ChangeKind.IDLE_STOP_S:
            return spec.idle_stop_s or 0.0
        case ChangeKind.CONTEXT_TOKENS:
            return spec.context_tokens
        case ChangeKind.SLOTS:
            return spec.slots
        case ChangeKind.IS_PINNED:
            return float(spec.is_pinned)
        case ChangeKind.MEMORY_MIB:
            return spec.footprint_mib


def with_value(spec: ModelSpec, kind: ChangeKind, value: float) -> ModelSpec:
    """The entry with another number."""
    match kind:
        case ChangeKind.IDLE_STOP_S:
            return replace(spec, idle_stop_s=value or None)
        case ChangeKind.CONTEXT_TOKENS:
            return replace(spec, context_tokens=round(value))
        case ChangeKind.SLOTS:
            return replace(spec, slots=round(value))
        case ChangeKind.IS_PINNED:
            return replace(spec, is_pinned=bool(value))
        case ChangeKind.MEMORY_MIB:
            return replace(spec, footprint=_scaled(spec, value))


def is_sensible(kind: ChangeKind, value: float) -> bool:
    """Whether a model can have that number."""
    match kind:
        case ChangeKind.IDLE_STOP_S:
            return 0 <= value <= 31_536_000
        case ChangeKind.CONTEXT_TOKENS:
            return 256 <= value <= 1_048_576 and value == round(value)
        case ChangeKind.SLOTS:
            return 1 <= value <= 64 and value == round(value)
        case ChangeKind.IS_PINNED:
            return value in (0, 1)
        case ChangeKind.MEMORY_MIB:
            return 1 <= value <= 4_194_304


def _scaled(spec: ModelSpec, mib: float) -> Footprint:
    """All its parts in proportion, so that another context still takes another amount."""
    known, ratio = spec.footprint, mib / max(1, spec.footprint_mib)
    cache_mib = known.kv_mib_per_1k_tokens * ratio * spec.context_tokens / 1000 * spec.slots
    weights_mib = round(known.weights_mib * ratio)
    return Footprint(weights_mib, max(0, round(mib - weights_mib - cache_mib)), known.kv_mib_per_1k_tokens * ratio)
