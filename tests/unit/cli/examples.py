"""Replies as a sidecar gives them, built from its own schemas so that they can't be of another shape."""

from dispatcher.api.job_schemas import JobListReply, JobReply
from dispatcher.api.schemas import (
    AgreedReply,
    AttemptReply,
    AutoAgreementReply,
    ContainerReply,
    ContainersReply,
    DecisionReply,
    DispatchReply,
    ErrorDetail,
    ErrorReply,
    ExplainReply,
    FetchingReply,
    ForecastReply,
    ModelReply,
    ModelsReply,
    OptionReply,
    PerformanceReply,
    PerformanceRowReply,
    ProgressReply,
    RefusalReply,
    TimingReply,
    UsageReply,
)
from dispatcher.core.decision import RefusalReason, Way
from dispatcher.core.job import JobState
from dispatcher.core.model import Engine, WeightsState
from dispatcher.core.outcome import FinishReason
from dispatcher.core.replica import ReplicaState
from dispatcher.core.task import Capability, Complexity, Objective, TaskType

FORECAST = ForecastReply(p50_s=1.2, p90_s=2.0, success=0.97, quality=0.71, output_tokens=40, cost_usd=0.0)
DECISION = DecisionReply(
    model="tiny",
    way=Way.WARM,
    why="tiny is already loaded: about 1.2 s",
    deciding_term="time",
    flip="large wins if the timeout is 41 s or more",
    objective=Objective.BALANCED,
    utility=0.5,
    propensity=1.0,
    explored=False,
    ranker="prior",
    forecast=FORECAST,
    options=[OptionReply(model="tiny", way=Way.WARM, utility=0.5, chance_in_time=0.99, forecast=FORECAST)],
    refused=[RefusalReply(model="large", reason=RefusalReason.MEMORY, message="it needs 9000 MiB, 4096 are lent")],
)
EXPLAINED = ExplainReply(task_type=TaskType.CHAT, complexity=Complexity.LOW, decision=DECISION)


def dispatched(text: str = "Paris.", finish_reason: FinishReason = FinishReason.STOP) -> DispatchReply:
    """An answer; a model that failed was tried before."""
    return DispatchReply.model_validate(
        {
            "dispatch_id": "d-1",
            "text": text,
            "json": {"city": "Paris"},
            "model": "tiny",
            "task_type": TaskType.QUESTION_ANSWERING,
            "complexity": Complexity.LOW,
            "finish_reason": finish_reason,
            "decision": DECISION,
            "usage": UsageReply(prompt_tokens=12, completion_tokens=3),
            "timing": TimingReply(queue_s=0.0, load_s=0.4, first_token_s=0.6, total_s=1.3),
            "attempts": [
                AttemptReply(model="large", succeeded=False, error="runtime_fault", total_s=0.2),
                AttemptReply(model="tiny", succeeded=True, error=None, total_s=1.1),
            ],
        }
    )


def model(
    model_id: str = "tiny",
    weights: WeightsState = WeightsState.PRESENT,
    progress: ProgressReply | None = None,
    task_types: tuple[TaskType, ...] = (TaskType.CHAT, TaskType.SUMMARIZATION),
    quarantine: str | None = None,
    state: ReplicaState = ReplicaState.READY,
    enabled: bool = True,
    pinned: bool = False,
) -> ModelReply:
    """One model of the registry."""
    return ModelReply(
        id=model_id,
        name="Tiny",
        family="smollm2",
        parameters_b=0.135,
        licence="Apache-2.0",
        engine=Engine.EMBEDDED,
        reference="",
        runtime="openai",
        host="process",
        enabled=enabled,
        pinned=pinned,
        idle_stop_s=None,
        needs_gpu=False,
        slots=1,
        context_tokens=4096,
        memory_mib=300,
        task_types=list(task_types),
        capabilities=[Capability.JSON],
        weights=weights,
        progress=progress,
        state=state,
        quarantine=quarantine,
    )


MODELS = ModelsReply(
    models=[
        model(),
        model("large", WeightsState.FETCHING, ProgressReply(done_bytes=25, total_bytes=100, source="a wheel")),
        model("odd", WeightsState.MISSING, quarantine="failed to start three times; tried again in 40 s"),
    ]
)


def container(
    replica_id: str = "r-1",
    state: ReplicaState = ReplicaState.READY,
    model: str = "tiny",
    uptime_s: float = 61.0,
    ready_in_s: float = 0.0,
    fetching: FetchingReply | None = None,
    reason: str = "asked for",
) -> ContainerReply:
    """One replica; three dispatches wait for it."""
    return ContainerReply(
        id=replica_id,
        model=model,
        host="process",
        state=state,
        paused=False,
        pid=4242,
        threads=2,
        slots=1,
        in_flight=1,
        waiting=3,
        memory_mib=214,
        memory_peak_mib=220,
        memory_reserved_mib=300,
        memory_limit_mib=450,
        idle_s=0.0,
        ready_in_s=ready_in_s,
        uptime_s=uptime_s,
        fetching=fetching,
        reason=reason,
    )


def fleet(*containers: ContainerReply) -> ContainersReply:
    """These replicas, and the memory lent to them."""
    return ContainersReply(
        memory_budget_mib=4096, memory_reserved_mib=300 * len(containers), containers=list(containers)
    )


def mb(what: str, done: int, total: int | None) -> FetchingReply:
    """How far a download is, in megabytes."""
    return FetchingReply(what=what, done_bytes=done * 10**6, total_bytes=None if total is None else total * 10**6)


def error(code: str, message: str) -> ErrorReply:
    """An error as every route answers it."""
    return ErrorReply(error=ErrorDetail(code=code, message=message, retryable=False, origin="dispatcher"))


def job(job_id: str = "j_1", state: JobState = JobState.QUEUED, **changes: object) -> JobReply:
    """One job, accepted at noon."""
    values: dict[str, object] = {
        "job_id": job_id,
        "state": state,
        "priority": 0,
        "created_at": "2026-01-31T12:00:00.000Z",
        "deadline_at": "2026-01-31T12:02:00.000Z",
        "finished_at": None,
        "dispatch_id": None,
        "result": None,
        "error": None,
    }
    return JobReply.model_validate({**values, **changes})


CONTAINERS = fleet(container())
JOBS = JobListReply(
    jobs=[
        job("j_2", JobState.RUNNING, priority=7),
        job(
            "j_1",
            JobState.FAILED,
            finished_at="2026-01-31T12:00:42.000Z",
            error=error("deadline_exceeded", "too\x1b late").error,
        ),
    ]
)
PERFORMANCE = PerformanceReply(
    group_by="model",
    since="2026-01-24T00:00:00Z",
    rows=[
        PerformanceRowReply(
            key="tiny",
            workflow_id=None,
            dispatches=12,
            success_rate=0.75,
            avg_total_s=1.5,
            p50_total_s=1.2,
            p90_total_s=130.0,
            avg_first_token_s=None,
            avg_load_s=0.4,
            prompt_tokens=100,
            completion_tokens=200,
            p90_kept=0.913,
            explored=2,
        )
    ],
    auto_agreement=AutoAgreementReply(
        task_type=AgreedReply(named=40, agreed=31, rules_agreed=20, share=0.775),
        complexity=AgreedReply(named=0, agreed=0, rules_agreed=0, share=None),
    ),
)
