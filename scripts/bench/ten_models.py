"""Ten models, some of them in memory, and prompts to choose one for."""

from dataclasses import replace

from dispatcher.core.eligibility import Candidate
from dispatcher.core.model import ModelSpec, WeightsState
from dispatcher.core.replica import ReplicaId, ReplicaState, Resident
from dispatcher.core.task import ModelId
from dispatcher.weights.catalogue import load_catalogue

_CANDIDATES = 10

PROMPTS = (
    "Summarize this e-mail thread in three bullet points: " + "the parcel is late again and nobody answers. " * 40,
    "Classify this ticket as billing, bug or other: I was charged twice for the same order.",
    "What is the capital of France?",
    "Write a Python function that parses a CSV file and handles quoted fields and edge cases step by step.",
)


def _candidates() -> tuple[Candidate, ...]:
    """Ten models: the catalogue's, and slower or larger likenesses of them."""
    specs = [entry.spec for entry in load_catalogue()]
    return tuple(_likeness(specs[index % len(specs)], index) for index in range(_CANDIDATES))


def _likeness(spec: ModelSpec, index: int) -> Candidate:
    changed = replace(spec, id=ModelId(f"{spec.id}-{index}"), load_s=spec.load_s * (1 + index / 3))
    return Candidate(changed, WeightsState.PRESENT, threads=1, footprint_mib=changed.footprint_mib)


MODELS = _candidates()
RESIDENTS = tuple(
    Resident(
        replica_id=ReplicaId(f"r{index}"),
        model_id=MODELS[index].spec.id,
        state=ReplicaState.READY,
        is_condemned=False,
        is_pinned=False,
        in_flight=index % 2,
        slots=1,
        threads=1,
        footprint_mib=MODELS[index].footprint_mib,
        queue_s=2.0 * (index % 2),
        drain_s=2.0 * (index % 2),
        ready_in_s=0.0,
        reload_s=MODELS[index].spec.load_s,
        uses_per_s=0.01,
        idle_s=5.0,
    )
    for index in range(4)
)
