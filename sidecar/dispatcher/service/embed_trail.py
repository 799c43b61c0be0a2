"""What is known of an embedding so far; becomes its record, however it ends."""

from dataclasses import dataclass, field

from dispatcher.core.deadline import Deadline
from dispatcher.core.embedding import EmbedRequest, Vectors
from dispatcher.core.outcome import Attempt, Ending, Timing, Usage
from dispatcher.core.record import DispatchRecord
from dispatcher.core.replica import ReplicaId
from dispatcher.core.task import (
    Capability,
    Complexity,
    DispatchId,
    DispatchRequest,
    Message,
    ModelId,
    Objective,
    Requirements,
    Role,
    TaskType,
)
from dispatcher.service.lease import Lease


@dataclass(slots=True)
class EmbedTrail:
    """One embedding on its way. `started_at` is Unix time, `begun_s` on the monotonic clock, both in seconds.

    `was_asked` says whether an inference server was asked in the attempt that runs, or ran last.
    """

    dispatch_id: DispatchId
    request: EmbedRequest
    started_at: float
    begun_s: float
    model_id: ModelId | None = None
    replica_id: ReplicaId | None = None
    threads: int | None = None
    at_once: int | None = None
    vectors: Vectors | None = None
    queue_s: float = 0.0
    load_s: float = 0.0
    was_asked: bool = False
    attempts: list[Attempt] = field(default_factory=list)
    _dispatch: DispatchRequest | None = None

    @property
    def deadline(self) -> Deadline:
        """When it gives up."""
        return Deadline.after(self.begun_s, self.request.timeout_s)

    def as_dispatch(self) -> DispatchRequest:
        """The same as a dispatch pinned to its model, for whoever judges those."""
        self._dispatch = self._dispatch or self._as_dispatch()
        return self._dispatch

    def leased(self, lease: Lease) -> None:
        """Note who works on it, and what getting there took."""
        self.replica_id = lease.replica.id
        self.threads = lease.replica.order.threads if lease.replica.order.is_ours else None
        self.load_s += lease.load_s
        self.queue_s += lease.queue_s

    def asks(self, lease: Lease) -> None:
        """Note that a runtime is asked now."""
        self.was_asked, self.at_once = True, lease.replica.in_flight

    def record(self, ending: Ending, error_code: str | None, now_s: float) -> DispatchRecord:
        """What is written down: no decision, for there was nothing to choose."""
        request, done = self.request, self.vectors
        return DispatchRecord(
            dispatch_id=self.dispatch_id,
            started_at=self.started_at,
            ending=ending,
            error_code=error_code,
            asked_task_type=TaskType.EMBEDDING,
            asked_complexity=Complexity.AUTO,
            task_type=TaskType.EMBEDDING,
            complexity=Complexity.LOW,
            objective=Objective.BALANCED,
            context=request.context,
            timeout_s=request.timeout_s,
            prompt_chars=request.chars,
            max_tokens=None,
            model_id=self.model_id,
            replica_id=self.replica_id,
            threads=self.threads,
            at_once=self.at_once,
            usage=Usage(done.prompt_tokens, 0) if done else None,
            finish_reason=None,
            timing=Timing(self.queue_s, self.load_s, None, now_s - self.begun_s),
            prefill_s=None,
            decode_s=None,
            verdict=None,
            attempts=tuple(self.attempts),
            decision=None,
            explanation=None,
        )

    def _as_dispatch(self) -> DispatchRequest:
        return DispatchRequest(
            messages=tuple(Message(Role.USER, text) for text in self.request.texts),
            requirements=Requirements(
                timeout_s=self.request.timeout_s,
                privacy=self.request.privacy,
                capabilities=frozenset({Capability.EMBEDDING}),
            ),
            task_type=TaskType.EMBEDDING,
            model=self.model_id,
            context=self.request.context,
            priority=self.request.priority,
        )
