"""Every error a caller can meet: its code, HTTP status, and whether trying again may help.

Foreign errors are translated into these at the door of the room that met them. The message is for a person: it names
the field or part at fault, and what to do. It never holds a prompt, an answer or a secret.
"""

from enum import StrEnum
from typing import ClassVar

TOO_LONG = "the prompt is too long"
"""Stands in the message of each error that a shorter prompt would mend: some protocols have a code of theirs for it."""


class Origin(StrEnum):
    """Who erred: this dispatcher (or its caller), or the inference server behind it."""

    DISPATCHER = "dispatcher"
    RUNTIME = "runtime"


class DispatcherError(Exception):
    """The root of the tree; `code` is what programs compare, `message` what people read."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    is_retryable: ClassVar[bool] = False
    origin: ClassVar[Origin] = Origin.DISPATCHER

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_s = retry_after_s

    @property
    def may_be_retried(self) -> bool:
        """Whether this one may go away by itself: as its kind does, or when it says after how long."""
        return self.is_retryable or self.retry_after_s is not None


class InvalidRequest(DispatcherError):
    """A field of the request is missing, unknown, of the wrong type or out of range."""

    code = "invalid_request"
    status = 422


class MalformedBody(DispatcherError):
    """The body isn't JSON that this route can read."""

    code = "malformed_body"
    status = 400


class BodyTooLarge(DispatcherError):
    """The body is longer than the limit."""

    code = "body_too_large"
    status = 413


class UnsupportedMedia(DispatcherError):
    """The body's type or encoding isn't plain JSON."""

    code = "unsupported_media_type"
    status = 415


class Unauthorized(DispatcherError):
    """No token, or one that nobody was given."""

    code = "unauthorized"
    status = 401


class Forbidden(DispatcherError):
    """A valid token, but not for this route."""

    code = "forbidden"
    status = 403


class HostNotAllowed(DispatcherError):
    """The Host header names a host this sidecar doesn't answer for."""

    code = "host_not_allowed"
    status = 421


class RouteNotFound(DispatcherError):
    """No such route, or not with this method."""

    code = "route_not_found"
    status = 404


class MethodNotAllowed(DispatcherError):
    """The route exists, but not with this method."""

    code = "method_not_allowed"
    status = 405


class ModelNotFound(DispatcherError):
    """The named model isn't in the registry."""

    code = "model_not_found"
    status = 404


class ModelConflict(DispatcherError):
    """The change can't be made to this model as it is; the message says what to do first."""

    code = "model_conflict"
    status = 409


class RankerNotFound(DispatcherError):
    """No ranker has this id."""

    code = "ranker_not_found"
    status = 404


class RankerConflict(DispatcherError):
    """The change can't be made to this ranker as it is; the message says why."""

    code = "ranker_conflict"
    status = 409


class RuleNotFound(DispatcherError):
    """No rule of the optimizer has this id."""

    code = "rule_not_found"
    status = 404


class RuleConflict(DispatcherError):
    """The rule can't be applied or taken back as it stands; the message says why."""

    code = "rule_conflict"
    status = 409


class ReplicaNotFound(DispatcherError):
    """No replica has this id."""

    code = "container_not_found"
    status = 404


class DispatchNotFound(DispatcherError):
    """No dispatch with this id is in the log."""

    code = "dispatch_not_found"
    status = 404


class ResponseNotFound(DispatcherError):
    """An answer in OpenAI's protocol that was asked for again: none is kept."""

    code = "response_not_found"
    status = 404


class PromptVariantNotFound(DispatcherError):
    """No prompt variant has this family, task type and version."""

    code = "prompt_variant_not_found"
    status = 404


class PromptVariantConflict(DispatcherError):
    """The change can't be made to this prompt variant as it stands."""

    code = "prompt_variant_conflict"
    status = 409


class JobNotFound(DispatcherError):
    """No job has this id, or it isn't the caller's."""

    code = "job_not_found"
    status = 404


class JobCancelled(DispatcherError):
    """The job was cancelled before it had an answer."""

    code = "job_cancelled"
    status = 409


class JobExpired(DispatcherError):
    """The job's answer isn't kept any more: it was fetched, forgotten on demand, or nobody came for it in time."""

    code = "job_expired"
    status = 410


class IdempotencyConflict(DispatcherError):
    """The idempotency key was used before, for another request."""

    code = "idempotency_conflict"
    status = 422


class NoEligibleModel(DispatcherError):
    """Every model is out of reach just now; the message says why for each."""

    code = "no_eligible_model"
    status = 503


class RateLimited(NoEligibleModel):
    """What could answer is a model that mustn't be asked again yet, by its own limit or the admin's."""

    code = "rate_limited"
    status = 429


class Unsatisfiable(DispatcherError):
    """No model there is can do what the request demands, however long it waits; the message says why for each."""

    code = "unsatisfiable"
    status = 422


class QuarantinedRequest(DispatcherError):
    """Servers crashed again and again while they worked on this very request: for a while it isn't tried."""

    code = "quarantined_request"
    status = 422


class DeadlineInfeasible(DispatcherError):
    """No model can finish within the timeout; `feasible_in_s` is how long the quickest would need, from now.

    It says when to ask again only if that helps: when others are what it would have to wait for.
    """

    code = "deadline_infeasible"
    status = 503

    def __init__(self, message: str, *, feasible_in_s: float, retry_after_s: float | None = None) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.feasible_in_s = feasible_in_s


class DeadlineExceeded(DispatcherError):
    """The time was up before the answer was whole."""

    code = "deadline_exceeded"
    status = 504
    is_retryable = True


class CallerGone(DispatcherError):
    """The caller of a stream left, or read nothing for so long that it was cut off. Only the log tells of it."""

    code = "caller_gone"
    status = 499


class Overloaded(DispatcherError):
    """As many dispatches wait as may wait."""

    code = "overloaded"
    status = 429
    is_retryable = True


class ShuttingDown(DispatcherError):
    """The sidecar is stopping and takes no new work."""

    code = "shutting_down"
    status = 503
    is_retryable = True


class InvalidAnswer(DispatcherError):
    """The model's answer isn't the JSON that was asked for, or calls a tool in a way that the tool doesn't take."""

    code = "invalid_answer"
    status = 502
    is_retryable = True
    origin = Origin.RUNTIME


class AnswerCut(InvalidAnswer):
    """The answer ended for want of tokens before it was what was asked for; asking again only cuts it again."""

    code = "answer_cut"
    status = 422
    is_retryable = False


class ReplicaStartFailed(DispatcherError):
    """An inference server ended or stayed silent before it was ready."""

    code = "replica_start_failed"
    status = 503
    is_retryable = True
    origin = Origin.RUNTIME


class ReplicaOutOfMemory(ReplicaStartFailed):
    """An inference server needed more memory than it was lent; the estimate is raised, and it is tried once more."""

    code = "replica_out_of_memory"


class HostUnreachable(ReplicaStartFailed):
    """What runs replicas, Docker say, doesn't answer: nothing can be started now, and what runs goes on."""

    code = "host_unreachable"
    origin = Origin.DISPATCHER


class WeightsUnavailable(DispatcherError):
    """A model's file couldn't be fetched from any of its sources."""

    code = "weights_unavailable"
    status = 502
    is_retryable = True


class WeightsCorrupt(DispatcherError):
    """A model's file isn't the one the catalogue names: its SHA-256 differs."""

    code = "weights_corrupt"
    status = 502


class RuntimeFault(DispatcherError):
    """An inference server failed in a way that another try, here or elsewhere, may not.

    `has_crashed` says that what works there on the model ended over it, though the server lives on.
    """

    code = "runtime_fault"
    status = 502
    is_retryable = True
    origin = Origin.RUNTIME

    def __init__(self, message: str, *, retry_after_s: float | None = None, has_crashed: bool = False) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.has_crashed = has_crashed


class RuntimeBusy(RuntimeFault):
    """The inference server is well, but still loads or has as many waiting as may wait."""

    code = "runtime_busy"
    status = 503


class RuntimeRateLimited(RuntimeFault):
    """A server that someone else runs has had enough requests; it says, or we guess, when it takes the next."""

    code = "runtime_rate_limited"
    status = 429


class RuntimeDenied(RuntimeFault):
    """A server that someone else runs doesn't let us in: for its key, what is owed, or a model it doesn't have."""

    code = "runtime_denied"


class RuntimeUnreachable(RuntimeFault):
    """Nothing listens where the inference server should be, or it hung up before answering.

    `was_asked` says that it had got the request.
    """

    code = "runtime_unreachable"

    def __init__(self, message: str, *, retry_after_s: float | None = None, was_asked: bool = False) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.was_asked = was_asked


class RuntimeStalled(RuntimeFault):
    """The inference server has taken the request and says nothing any more, though it holds the connection."""

    code = "runtime_stalled"
    status = 504


class RuntimeBadAnswer(RuntimeFault):
    """The inference server answered with something that isn't its protocol."""

    code = "runtime_bad_answer"


class RuntimeIncomplete(RuntimeFault):
    """The answer broke off before its end marker."""

    code = "runtime_incomplete"


class RuntimeRefused(DispatcherError):
    """The inference server refused the request itself; asking it again won't help."""

    code = "runtime_refused"
    status = 422
    origin = Origin.RUNTIME


class StoreError(DispatcherError):
    """The database can't be opened, read or written."""

    code = "store_error"
    status = 503


class SettingsError(DispatcherError):
    """A setting is unknown or has a bad value; the sidecar doesn't start."""

    code = "settings_error"


def status_of(code: str) -> int:
    """The HTTP status of an error code; 500 for one that this version doesn't know."""
    kinds: list[type[DispatcherError]] = [DispatcherError]
    for kind in kinds:
        if kind.code == code:
            return kind.status
        kinds.extend(kind.__subclasses__())
    return DispatcherError.status
