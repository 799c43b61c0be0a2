"""Models, requests and residents for tests: sensible by default, changed by keyword."""

from dispatcher.core.eligibility import Candidate
from dispatcher.core.features import features_of
from dispatcher.core.model import Footprint, HostKind, ModelSpec, QualityTable, RuntimeKind, Speed, WeightsState
from dispatcher.core.priors import FOR_EMBEDDING
from dispatcher.core.prospects import Situation
from dispatcher.core.replica import ReplicaId, ReplicaState, Resident
from dispatcher.core.scheduling import Side
from dispatcher.core.selection import Wish
from dispatcher.core.task import (
    Capability,
    Complexity,
    DispatchRequest,
    Message,
    ModelId,
    Objective,
    Requirements,
    Role,
    TaskType,
)
from dispatcher.core.waiting import Waiter

WORK = tuple(task for task in TaskType if task not in (TaskType.AUTO, TaskType.EMBEDDING))
STEPS = (Complexity.LOW, Complexity.MEDIUM, Complexity.HIGH)


def quality(low: float, medium: float | None = None, high: float | None = None) -> QualityTable:
    """The same quality for every task type."""
    row = dict(zip(STEPS, (low, low if medium is None else medium, low if high is None else high), strict=True))
    return QualityTable(dict.fromkeys(WORK, row))


def spec(name: str = "small", **changes: object) -> ModelSpec:
    """A model; small and quick unless changed."""
    values: dict[str, object] = {
        "id": ModelId(name),
        "name": name,
        "family": "plain",
        "parameters_b": 0.1,
        "licence": "Apache-2.0",
        "runtime": RuntimeKind.OPENAI,
        "host": HostKind.PROCESS,
        "context_tokens": 4096,
        "slots": 1,
        "capabilities": frozenset({Capability.JSON}),
        "quality": quality(0.7, 0.4, 0.2),
        "speed": Speed(prefill_tps=200.0, decode_tps=80.0),
        "load_s": 1.0,
        "footprint": Footprint(weights_mib=100, overhead_mib=100, kv_mib_per_1k_tokens=10.0),
    }
    return ModelSpec(**{**values, **changes})  # type: ignore[arg-type]


def embedder(name: str = "embedder", **changes: object) -> ModelSpec:
    """A model that turns texts into vectors, and writes nothing."""
    values: dict[str, object] = {
        "family": "bert",
        "context_tokens": 64,
        "capabilities": frozenset({Capability.EMBEDDING}),
        "quality": FOR_EMBEDDING,
        "speed": Speed(prefill_tps=1000.0, decode_tps=1000.0),
        "load_s": 0.5,
    }
    return spec(name, **{**values, **changes})


def big(name: str = "big", **changes: object) -> ModelSpec:
    """A model that is better, slower and larger than `spec()`."""
    values: dict[str, object] = {
        "parameters_b": 1.5,
        "quality": quality(0.97, 0.9, 0.85),
        "speed": Speed(prefill_tps=32.0, decode_tps=16.0),
        "load_s": 6.0,
        "footprint": Footprint(weights_mib=1000, overhead_mib=700, kv_mib_per_1k_tokens=28.0),
    }
    return spec(name, **{**values, **changes})


def candidate(model: ModelSpec, **changes: object) -> Candidate:
    """A model whose weights are here."""
    values: dict[str, object] = {
        "spec": model,
        "weights": WeightsState.PRESENT,
        "threads": 1,
        "footprint_mib": model.footprint_mib,
    }
    return Candidate(**{**values, **changes})  # type: ignore[arg-type]


def resident(name: str, model: str, **changes: object) -> Resident:
    """An idle, ready replica."""
    values: dict[str, object] = {
        "replica_id": ReplicaId(name),
        "model_id": ModelId(model),
        "state": ReplicaState.READY,
        "is_condemned": False,
        "is_pinned": False,
        "in_flight": 0,
        "slots": 1,
        "threads": 1,
        "footprint_mib": 240,
        "queue_s": 0.0,
        "drain_s": 0.0,
        "ready_in_s": 0.0,
        "reload_s": 1.0,
        "uses_per_s": 0.01,
        "idle_s": 10.0,
    }
    return Resident(**{**values, **changes})  # type: ignore[arg-type]


def request(prompt: str = "Name a colour.", **changes: object) -> DispatchRequest:
    """One user prompt; requirements by their own keywords."""
    requirements = {"timeout_s": 120.0} | {
        key: changes.pop(key) for key in list(changes) if key in Requirements.__dataclass_fields__
    }
    messages = (Message(Role.USER, prompt),)
    return DispatchRequest(messages=messages, requirements=Requirements(**requirements), **changes)  # type: ignore[arg-type]


def situation(*models: ModelSpec | Candidate, **changes: object) -> Situation:
    """A choice between these models with nothing resident and plenty of memory."""
    asked = changes.pop("request", None) or request()
    assert isinstance(asked, DispatchRequest)
    values: dict[str, object] = {
        "request": asked,
        "task_type": TaskType.QUESTION_ANSWERING,
        "complexity": Complexity.LOW,
        "text": features_of(asked.messages),
        "max_tokens": 1024,
        "candidates": tuple(one if isinstance(one, Candidate) else candidate(one) for one in models),
        "residents": (),
        "budget_mib": 4096,
    }
    return Situation(**{**values, **changes})  # type: ignore[arg-type]


def wish(**changes: object) -> Wish:
    """Balanced, two minutes."""
    values: dict[str, object] = {"objective": Objective.BALANCED, "timeout_s": 120.0, "confidence": 0.7}
    return Wish(**{**values, **changes})  # type: ignore[arg-type]


def waiter(ticket: int, model: str = "m", **changes: object) -> Waiter:
    """One that has just come, at time 0, with ten minutes and a run of two seconds."""
    values: dict[str, object] = {
        "ticket": ticket,
        "model_id": ModelId(model),
        "share": "",
        "priority": 0,
        "arrived_s": 0.0,
        "deadline_s": 600.0,
        "run_s": 2.0,
    }
    return Waiter(**{**values, **changes})  # type: ignore[arg-type]


def side(model: str, *waiters: Waiter, **changes: object) -> Side:
    """A model's queue: ten seconds to load, one slot, and half of the memory in these tests."""
    values: dict[str, object] = {
        "model_id": ModelId(model),
        "waiters": waiters,
        "load_s": 10.0,
        "slots": 1,
        "footprint_mib": 600,
        "arrivals_per_s": 0.0,
    }
    return Side(**{**values, **changes})  # type: ignore[arg-type]
