"""Records and models to store: plain ones to vary by hand, and any that the types allow."""

from hypothesis import strategies as st

from dispatcher.core.decision import (
    Decision,
    Explanation,
    Forecast,
    Option,
    Refusal,
    RefusalReason,
    Seconds,
    Terms,
    Way,
)
from dispatcher.core.features import RequestFeatures
from dispatcher.core.model import Engine, Footprint, HostKind, ModelSpec, QualityTable, RuntimeKind, Speed
from dispatcher.core.outcome import Attempt, Ending, FinishReason, Timing, Usage
from dispatcher.core.record import DispatchRecord, LifecycleRecord
from dispatcher.core.replica import ReplicaId, ReplicaState
from dispatcher.core.task import Capability, Complexity, Context, DispatchId, ModelId, Objective, Source, TaskType
from dispatcher.core.variants import VariantKey, VariantUse
from dispatcher.core.verdict import Verdict

_NOWHERE = Context()
_SOME_TOKENS = Usage(10, 20)
_A_SECOND = Timing(0.0, 0.0, 0.1, 1.0)
_FINE = Verdict(is_valid=None, is_empty=False, is_refusal=False)
_REAL_TASKS = [task for task in TaskType if task is not TaskType.AUTO]
_REAL_COMPLEXITIES = [complexity for complexity in Complexity if complexity is not Complexity.AUTO]

_texts = st.text(max_size=20)
_names = st.text(min_size=1, max_size=20)
_seconds = st.floats(0, 1e6)
_shares = st.floats(0, 1)
_counts = st.integers(0, 2**40)
_any_numbers = st.floats(allow_nan=False, allow_infinity=False)
_models = _names.map(ModelId)
_replicas = _names.map(ReplicaId)


def a_model(model_id: str = "small", *, is_enabled: bool = True, name: str = "Small") -> ModelSpec:
    """A model with nothing special about it."""
    return ModelSpec(
        id=ModelId(model_id),
        name=name,
        family="chatml",
        parameters_b=0.5,
        licence="Apache-2.0",
        runtime=RuntimeKind.OPENAI,
        host=HostKind.PROCESS,
        context_tokens=4096,
        slots=1,
        capabilities=frozenset({Capability.JSON}),
        quality=QualityTable({TaskType.CHAT: {Complexity.LOW: 0.7}}),
        speed=Speed(100.0, 10.0),
        load_s=1.5,
        footprint=Footprint(400, 100, 12.0),
        is_enabled=is_enabled,
    )


def a_record(
    dispatch_id: str,
    *,
    started_at: float = 1_000_000.0,
    ending: Ending = Ending.SUCCEEDED,
    model_id: str | None = "small",
    task_type: TaskType = TaskType.CHAT,
    context: Context = _NOWHERE,
    usage: Usage | None = _SOME_TOKENS,
    timing: Timing = _A_SECOND,
    decode_s: float | None = 2.0,
    verdict: Verdict | None = _FINE,
    decision: Decision | None = None,
    source: Source = Source.CALLER,
) -> DispatchRecord:
    """A dispatch with nothing special about it."""
    return DispatchRecord(
        dispatch_id=DispatchId(dispatch_id),
        started_at=started_at,
        ending=ending,
        error_code=None if ending is Ending.SUCCEEDED else "runtime_fault",
        asked_task_type=TaskType.AUTO,
        asked_complexity=Complexity.AUTO,
        task_type=task_type,
        complexity=Complexity.LOW,
        objective=Objective.BALANCED,
        context=context,
        timeout_s=30.0,
        prompt_chars=100,
        max_tokens=None,
        model_id=None if model_id is None else ModelId(model_id),
        replica_id=None,
        threads=2,
        at_once=1,
        usage=usage,
        finish_reason=FinishReason.STOP,
        timing=timing,
        prefill_s=0.5,
        decode_s=decode_s,
        verdict=verdict,
        attempts=(),
        decision=decision,
        explanation=None,
        source=source,
    )


def a_decision(model_id: str = "small") -> Decision:
    """A choice among one."""
    option = Option(
        model_id=ModelId(model_id),
        way=Way.WARM,
        replica_id=ReplicaId("r1"),
        evicts=(),
        forecast=Forecast(Seconds(1, 2), Seconds(0, 0), 0.9, 0.5, 100, 0.0),
        finish=Seconds(1, 2),
        chance_in_time=0.99,
        terms=Terms(0.5, -0.1, 0.0, 0.0),
    )
    return Decision(option, (option,), (), TaskType.CHAT, Complexity.LOW, Objective.BALANCED, 1.0, "prior")


def a_change(model_id: str, memory_mib: int | None, *, at: float = 1_000_000.0) -> LifecycleRecord:
    """A replica that became ready."""
    return LifecycleRecord(at, ReplicaId("r1"), ModelId(model_id), "process", ReplicaState.READY, "", 1.0, memory_mib)


model_specs = st.builds(
    ModelSpec,
    id=_models,
    name=_texts,
    family=_texts,
    parameters_b=st.floats(0, 1e6),
    licence=_texts,
    runtime=st.sampled_from(RuntimeKind),
    host=st.sampled_from(HostKind),
    context_tokens=st.integers(1, 2**40),
    slots=st.integers(1, 1000),
    capabilities=st.frozensets(st.sampled_from(Capability)),
    quality=st.builds(
        QualityTable,
        st.dictionaries(
            st.sampled_from(_REAL_TASKS), st.dictionaries(st.sampled_from(_REAL_COMPLEXITIES), _shares, max_size=3)
        ),
    ),
    speed=st.builds(Speed, st.floats(0, 1e9), st.floats(0, 1e9)),
    load_s=_seconds,
    footprint=st.builds(Footprint, _counts, _counts, st.floats(0, 1e9)),
    engine=st.sampled_from(Engine),
    reference=_texts,
    needs_gpu=st.booleans(),
    is_pinned=st.booleans(),
    usd_per_mtok=st.floats(0, 1e9),
    is_local=st.booleans(),
    is_enabled=st.booleans(),
    url=_texts | st.just(""),
    requests_per_minute=st.none() | st.integers(1, 2**31),
)

_spans = st.builds(Seconds, _seconds, _seconds)
_options = st.builds(
    Option,
    model_id=_models,
    way=st.sampled_from(Way),
    replica_id=st.none() | _replicas,
    evicts=st.lists(_replicas, max_size=3).map(tuple),
    forecast=st.builds(Forecast, _spans, _spans, _shares, _shares, _counts, _seconds),
    finish=_spans,
    chance_in_time=_shares,
    terms=st.builds(Terms, _any_numbers, _any_numbers, _any_numbers, _any_numbers),
)
_features = st.builds(
    RequestFeatures,
    st.integers(0, 2**31),
    st.lists(_any_numbers, max_size=4).map(tuple),
    st.lists(_any_numbers, max_size=4).map(tuple),
)
_variant_uses = st.builds(
    VariantUse,
    st.builds(VariantKey, _texts, st.sampled_from(["any", *_REAL_TASKS]).map(str)),
    _counts,
    _shares,
    st.lists(_counts, max_size=3).map(tuple),
)
_refusals = st.builds(Refusal, _models, st.sampled_from(RefusalReason), _texts)


@st.composite
def dispatch_records(draw: st.DrawFn) -> DispatchRecord:
    """Any dispatch that the types allow and that makes sense."""
    task_type = draw(st.sampled_from(_REAL_TASKS))
    complexity = draw(st.sampled_from(_REAL_COMPLEXITIES))
    objective = draw(st.sampled_from(Objective))
    ending = draw(st.sampled_from(Ending))
    decision = draw(
        st.none()
        | st.builds(
            Decision,
            chosen=_options,
            ranked=st.lists(_options, max_size=4).map(tuple),
            refused=st.lists(_refusals, max_size=4).map(tuple),
            task_type=st.just(task_type),
            complexity=st.just(complexity),
            objective=st.just(objective),
            propensity=_shares,
            ranker=_texts,
            explored=st.booleans(),
            features=st.none() | _features,
            variant=st.none() | _variant_uses,
        )
    )
    succeeded = ending is Ending.SUCCEEDED
    explanation = st.none() | st.builds(Explanation, _texts, st.none() | _texts, st.none() | _texts)
    return DispatchRecord(
        dispatch_id=DispatchId(draw(st.uuids()).hex),
        started_at=draw(st.floats(0, 1e10)),
        ending=ending,
        error_code=None if succeeded else draw(st.none() | _texts),
        asked_task_type=draw(st.sampled_from(TaskType)),
        asked_complexity=draw(st.sampled_from(Complexity)),
        task_type=task_type,
        complexity=complexity,
        objective=objective,
        context=draw(
            st.builds(
                Context,
                st.none() | _texts,
                st.none() | _texts,
                st.none() | _texts,
                st.none() | _counts,
                st.none() | _counts,
            )
        ),
        timeout_s=draw(_seconds),
        prompt_chars=draw(_counts),
        max_tokens=draw(st.none() | st.integers(1, 2**40)),
        model_id=draw(_models if succeeded else st.none() | _models),
        replica_id=draw(st.none() | _replicas),
        threads=draw(st.none() | _counts),
        at_once=draw(st.none() | st.integers(1, 2**40)),
        usage=draw(st.none() | st.builds(Usage, _counts, _counts)),
        finish_reason=draw(st.none() | st.sampled_from(FinishReason)),
        timing=draw(st.builds(Timing, _seconds, _seconds, st.none() | _seconds, _seconds)),
        prefill_s=draw(st.none() | _seconds),
        decode_s=draw(st.none() | _seconds),
        verdict=draw(st.none() | st.builds(Verdict, st.none() | st.booleans(), st.booleans(), st.booleans())),
        attempts=tuple(draw(st.lists(st.builds(Attempt, _models, st.none() | _texts, _seconds), max_size=3))),
        decision=decision,
        explanation=None if decision is None else draw(explanation),
        source=draw(st.sampled_from(Source)),
    )
