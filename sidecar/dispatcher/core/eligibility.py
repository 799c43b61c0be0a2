"""Which models can't take a dispatch at all, and why, in words that name the fix."""

from dataclasses import dataclass

from dispatcher.core.decision import Refusal, RefusalReason
from dispatcher.core.features import TextFeatures
from dispatcher.core.model import ModelSpec, WeightsState
from dispatcher.core.task import Capability, DispatchRequest, FormatKind, Privacy, TaskType
from dispatcher.core.variants import AS_EVER, VariantPick

_ANSWER_TOKENS_MIN = 16  # less room than this for an answer is no room


@dataclass(frozen=True, slots=True)
class Limited:
    """A model that mustn't be asked yet: why, and when it may be again."""

    message: str
    again_in_s: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model of the registry as it stands now.

    Args:
        threads: CPU threads a replica of it runs on.
        footprint_mib: memory a replica takes: measured, or the prior.
        quarantine: why it mustn't be tried now; None when it may.
        fetch_s: what fetching it takes before its first load here; 0 when nothing has to be fetched.
        pick: how the prompt would be put to it.
        unstartable: why no replica of it can be started now, while those that run may be used; None when one can.
        limited: why it mustn't be asked just now, though it is well; None when it may.
    """

    spec: ModelSpec
    weights: WeightsState
    threads: int
    footprint_mib: int
    quarantine: str | None = None
    unstartable: str | None = None
    fetch_s: float = 0.0
    pick: VariantPick = AS_EVER
    limited: Limited | None = None


def refusal(
    candidate: Candidate, request: DispatchRequest, task_type: TaskType, text: TextFeatures, budget_mib: int
) -> Refusal | None:
    """Say why a model can't take this dispatch; None when it can."""
    spec = candidate.spec
    found = (
        _of_the_model(candidate, request)
        or _of_the_work(spec, request, task_type)
        or _of_the_size(candidate, text, budget_mib)
    )
    if found is None and candidate.limited is not None:  # last: what no waiting changes is told first
        limited = candidate.limited
        return Refusal(spec.id, RefusalReason.RATE_LIMIT, limited.message, limited.again_in_s)
    return Refusal(spec.id, *found) if found else None


def missing_weights(candidate: Candidate) -> str | None:
    """Why a model's file can't be used; None when it can."""
    if candidate.weights is WeightsState.PRESENT:
        return None
    return f"its weights {_WEIGHTS_WORDS[candidate.weights]}".replace("{model}", candidate.spec.id)


_Found = tuple[RefusalReason, str] | None


def _of_the_model(candidate: Candidate, request: DispatchRequest) -> _Found:
    spec = candidate.spec
    if request.model is not None and request.model != spec.id:
        return RefusalReason.NOT_PINNED, f"the request asks for {request.model}"
    if not spec.is_enabled:
        return RefusalReason.DISABLED, "it is disabled in the registry"
    if (missing := missing_weights(candidate)) is not None:
        return RefusalReason.WEIGHTS, missing
    if candidate.quarantine is not None:
        return RefusalReason.QUARANTINED, candidate.quarantine
    return None


_WEIGHTS_WORDS = {
    WeightsState.MISSING: "aren't on this machine; run: ai-dispatch models pull {model}",
    WeightsState.FETCHING: "are still being downloaded",
    WeightsState.CORRUPT: "are damaged; run: ai-dispatch models pull {model}",
}


def _of_the_work(spec: ModelSpec, request: DispatchRequest, task_type: TaskType) -> _Found:
    wants = request.requirements
    if task_type not in spec.task_types:
        return RefusalReason.TASK, f"it can't do {task_type}"
    missing = request.needs - spec.capabilities
    if missing:
        return RefusalReason.CAPABILITY, f"it lacks {', '.join(sorted(missing))}"
    if wants.output.kind is not FormatKind.TEXT and Capability.JSON not in spec.capabilities:
        return RefusalReason.CAPABILITY, "it can't be held to JSON"
    if wants.privacy is Privacy.LOCAL and not spec.is_local:
        return RefusalReason.PRIVACY, "it runs elsewhere, and requirements.privacy is local"
    return None


def _of_the_size(candidate: Candidate, text: TextFeatures, budget_mib: int) -> _Found:
    spec = candidate.spec
    if text.prompt_tokens + _ANSWER_TOKENS_MIN > spec.context_tokens:
        return (
            RefusalReason.CONTEXT_LENGTH,
            f"the prompt has about {text.prompt_tokens} tokens and its context holds {spec.context_tokens}",
        )
    if spec.is_local and candidate.footprint_mib > budget_mib:
        return (
            RefusalReason.MEMORY,
            f"it needs {candidate.footprint_mib} MiB and models may use {budget_mib} MiB (AI_DISPATCH_MEMORY_MIB)",
        )
    return None
