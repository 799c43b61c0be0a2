"""What is known of a dispatch so far; becomes its record, however it ends."""

from collections.abc import Callable
from dataclasses import dataclass, field

from dispatcher.core.classification import Classification
from dispatcher.core.deadline import Deadline
from dispatcher.core.features import TextFeatures
from dispatcher.core.forecast import Forecaster
from dispatcher.core.outcome import Attempt, Completion, Ending, OnPiece, Piece, Timing
from dispatcher.core.record import DispatchRecord
from dispatcher.core.repair import Repair, repair_of
from dispatcher.core.replica import ReplicaId
from dispatcher.core.task import DispatchId, DispatchRequest
from dispatcher.core.verdict import verdict_of
from dispatcher.errors import (
    CallerGone,
    DeadlineExceeded,
    DeadlineInfeasible,
    DispatcherError,
    HostUnreachable,
    ModelNotFound,
    NoEligibleModel,
    Overloaded,
    QuarantinedRequest,
    Unsatisfiable,
)
from dispatcher.service.choose import Choice
from dispatcher.service.lease import Lease, OnWait

_REFUSALS = (
    NoEligibleModel,
    HostUnreachable,
    Unsatisfiable,
    DeadlineInfeasible,
    ModelNotFound,
    Overloaded,
    QuarantinedRequest,
)
OnChoice = Callable[[Choice], None]
"""Hears of each choice, before anything is done about it."""
_NOTHING = Piece()  # a runtime's word that it has begun


@dataclass(slots=True)
class Trail:
    """One dispatch on its way. Times in seconds on the monotonic clock, `started_at` in Unix time.

    `was_asked` says whether an inference server was asked in the attempt that runs, or ran last, and `has_text` whether
    it has begun to answer; `has_streamed` whether the caller was given any of it; `crashes` how many servers crashed
    while they worked on it. `repair` is what is wrong with the last answer, if it couldn't be used.
    """

    dispatch_id: DispatchId
    request: DispatchRequest
    started_at: float
    begun_s: float
    deadline: Deadline
    text: TextFeatures
    classified: Classification
    forecaster: Forecaster
    choice: Choice | None = None
    replica_id: ReplicaId | None = None
    threads: int | None = None
    at_once: int | None = None
    completion: Completion | None = None
    is_valid: bool | None = None
    first_token_s: float | None = None
    queue_s: float = 0.0
    load_s: float = 0.0
    has_text: bool = False
    has_streamed: bool = False
    was_asked: bool = False
    crashes: int = 0
    repair: Repair | None = None
    on_wait: OnWait | None = None
    on_choice: OnChoice | None = None
    attempts: list[Attempt] = field(default_factory=list)

    def tries(self, choice: Choice) -> None:
        """Note who is tried now; what came of an attempt before counts no longer."""
        self.choice, self.was_asked = choice, False
        self.replica_id = self.threads = self.at_once = None
        self.completion = self.is_valid = None
        if self.on_choice is not None:
            self.on_choice(choice)

    def leased(self, lease: Lease) -> None:
        """Note who works on it, and what getting there took."""
        self.replica_id = lease.replica.id
        self.threads = lease.replica.order.threads if lease.replica.order.is_ours else None
        self.load_s += lease.load_s
        self.queue_s += lease.queue_s

    def asks(self, at_once: int) -> None:
        """Note that a runtime is asked now, which works on so many then, this one included."""
        self.was_asked, self.has_text, self.at_once = True, False, at_once

    def completed(self, completion: Completion, asked_s: float) -> None:
        """Note the answer of a runtime that was asked at `asked_s`."""
        self.completion = completion
        self.first_token_s = asked_s - self.begun_s + completion.first_token_s

    def mends(self, completion: Completion, fault: str) -> None:
        """Note an answer that can't be used: the next to the same model says why."""
        if self.choice is not None:
            self.repair = repair_of(self.choice.decision.chosen.model_id, completion, fault)

    def noting(self, on_piece: OnPiece | None) -> OnPiece:
        """The caller's receiver, if there is one, with a note that from its first piece on there is no falling back."""

        async def noted(piece: Piece) -> None:
            self.has_text = True
            if on_piece is not None and piece != _NOTHING:
                self.has_streamed = True
                await on_piece(piece)

        return noted

    def timing(self, now_s: float) -> Timing:
        """Where the time went until now."""
        return Timing(self.queue_s, self.load_s, self.first_token_s, now_s - self.begun_s)

    def record(self, ending: Ending, error_code: str | None, now_s: float) -> DispatchRecord:
        """What is written down."""
        request, done = self.request, self.completion
        return DispatchRecord(
            dispatch_id=self.dispatch_id,
            started_at=self.started_at,
            ending=ending,
            error_code=error_code,
            asked_task_type=request.task_type,
            asked_complexity=request.complexity,
            task_type=self.classified.task_type,
            complexity=self.classified.complexity,
            objective=request.objective,
            context=request.context,
            timeout_s=request.requirements.timeout_s,
            prompt_chars=self.text.chars,
            max_tokens=request.requirements.max_tokens,
            model_id=self.choice.decision.chosen.model_id if self.choice else None,
            replica_id=self.replica_id,
            threads=self.threads,
            at_once=self.at_once,
            usage=done.usage if done else None,
            finish_reason=done.finish_reason if done else None,
            timing=self.timing(now_s),
            prefill_s=done.prefill_s if done else None,
            decode_s=done.decode_s if done else None,
            verdict=verdict_of(done.text, self.is_valid) if done else None,
            attempts=tuple(self.attempts),
            decision=self.choice.decision if self.choice else None,
            explanation=self.choice.explanation() if self.choice else None,
            source=request.source,
        )


def ending_of(error: DispatcherError) -> Ending:
    """How a dispatch ended that ended with this error."""
    if isinstance(error, DeadlineExceeded):
        return Ending.TIMED_OUT
    if isinstance(error, CallerGone):
        return Ending.CANCELLED
    return Ending.REFUSED if isinstance(error, _REFUSALS) else Ending.FAILED
