"""One embedding, top to bottom: the model that was named or the default, a replica of it, vectors, the record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from dispatcher.core.deadline import Deadline
from dispatcher.core.decision import Refusal
from dispatcher.core.eligibility import refusal
from dispatcher.core.embedding import TEXTS_MAX, EmbedAsk, EmbedRequest, Vectors, shortened, together
from dispatcher.core.features import NO_TEXT, token_estimate
from dispatcher.core.forecast import REQUEST_S, prefill_s
from dispatcher.core.model import HostKind, ModelSpec
from dispatcher.core.outcome import Attempt, Ending, Timing
from dispatcher.core.retrying import RetryBudget
from dispatcher.core.task import Capability, DispatchId, ModelId, TaskType
from dispatcher.core.waiting import Waiter
from dispatcher.errors import (
    DispatcherError,
    HostUnreachable,
    InvalidRequest,
    ModelNotFound,
    NoEligibleModel,
    RateLimited,
    ReplicaStartFailed,
    RuntimeDenied,
    RuntimeFault,
    RuntimeRateLimited,
)
from dispatcher.service.diagnose import Doctor
from dispatcher.service.embed_trail import EmbedTrail
from dispatcher.service.equipment import Equipment
from dispatcher.service.fleet import Fleet
from dispatcher.service.lease import Lease, Leaser
from dispatcher.service.poison import PoisonGuard
from dispatcher.service.record import Recorder
from dispatcher.service.registry import Registry
from dispatcher.service.trail import ending_of
from dispatcher.service.vector_sizes import VectorSizes

_ATTEMPTS_MAX = 2
_BITE = 256
_SPECIAL_TOKENS = 2
_DOUBT = 4.0  # a server is silent until it is done, which may take this many times what is expected
_REST_S = 1.0  # llama.cpp looks about as often whether its caller is still there


@dataclass(frozen=True, slots=True)
class Embedded:
    """What a caller gets. `chosen_because` says why this model: it was named, or it is the default."""

    dispatch_id: DispatchId
    model_id: ModelId
    vectors: Vectors
    timing: Timing
    chosen_because: str


@dataclass(frozen=True, slots=True)
class EmbedLimits:
    """What a caller may ask for, in characters of all texts together; and how long a server may stall, in seconds."""

    chars_max: int
    stall_s: float


class Embedder:
    """Turns texts into vectors. It never takes another model than the one it was asked for: vectors of two models
    can't be compared, so that a search over both would find nothing.

    Args:
        default: the model of requests that name none.
        now: the monotonic clock, `wall` Unix time, both in seconds.
    """

    def __init__(
        self,
        default: ModelId,
        registry: Registry,
        fleet: Fleet,
        leaser: Leaser,
        equipment: Equipment,
        doctor: Doctor,
        poison: PoisonGuard,
        recorder: Recorder,
        sizes: VectorSizes,
        budget_mib: int,
        limits: EmbedLimits,
        now: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._default = default
        self._registry = registry
        self._fleet = fleet
        self._leaser = leaser
        self._equipment = equipment
        self._doctor = doctor
        self._poison = poison
        self._recorder = recorder
        self._sizes = sizes
        self._budget_mib = budget_mib
        self._limits = limits
        self._now = now
        self._wall = wall
        self._budget = RetryBudget()

    async def embed(self, dispatch_id: DispatchId, request: EmbedRequest) -> Embedded:
        """One vector for each text, in their order; none for no texts.

        Raises: a DispatcherError. What happened is recorded however it ends, also when the caller leaves.
        """
        trail = EmbedTrail(dispatch_id, request, self._wall(), self._now())
        try:
            vectors = await self._embedded(trail)
        except DispatcherError as error:
            self._recorder.record(trail.record(ending_of(error), error.code, self._now()))
            raise
        except asyncio.CancelledError:
            self._recorder.record(trail.record(Ending.CANCELLED, "cancelled", self._now()))
            raise
        record = trail.record(Ending.SUCCEEDED, None, self._now())
        self._recorder.record(record)
        why = _BY_DEFAULT if request.model is None else _BY_NAME
        return Embedded(dispatch_id, trail.model_id or self._default, vectors, record.timing, why)

    def models(self) -> tuple[ModelSpec, ...]:
        """Those that embed."""
        return tuple(spec for spec in self._registry if Capability.EMBEDDING in spec.capabilities)

    async def _embedded(self, trail: EmbedTrail) -> Vectors:
        spec = self._named(trail.request.model)
        trail.model_id = spec.id
        _check(trail.request, self._limits)
        if not trail.request.texts:
            return Vectors((), 0, 0.0)
        self._sizes.check_asked(spec, trail.request.dimensions)
        self._check_may_run(trail, spec)
        self._poison.check(trail.as_dispatch())
        vectors = await self._tried(trail, spec)
        wanted = trail.request.dimensions
        if wanted is None or wanted == vectors.size:
            return vectors
        self._sizes.check_asked(spec, wanted)  # the first answer tells how large they are
        short = tuple(shortened(vector, wanted) for vector in vectors.vectors)
        return Vectors(short, vectors.prompt_tokens, vectors.total_s)

    def _named(self, model: ModelId | None) -> ModelSpec:
        """The model to use.

        Raises: ModelNotFound or InvalidRequest, naming the models there are.
        """
        known = {spec.id: spec for spec in self._registry}
        spec = known.get(self._default if model is None else model)
        if spec is not None and Capability.EMBEDDING in spec.capabilities:
            return spec
        there_are = ", ".join(one.id for one in self.models()) or "none"
        if model is None:
            raise ModelNotFound(
                f"model: the default for embeddings, {self._default}, isn't here or doesn't embed; for embeddings "
                f"there are: {there_are}; name one, or set AI_DISPATCH_EMBEDDING_MODEL"
            )
        if spec is not None:
            raise InvalidRequest(f"model: {spec.id} isn't for embeddings; those are: {there_are}")
        raise ModelNotFound(f"model: there is no {model[:200]!r}; for embeddings there are: {there_are}")

    def _check_may_run(self, trail: EmbedTrail, spec: ModelSpec) -> None:
        found = self._refusal(trail, spec)
        if found is None:
            return
        told = f"{spec.id} can't take this: {found.message}"
        if found.again_in_s is not None:
            raise RateLimited(told, retry_after_s=found.again_in_s)
        raise NoEligibleModel(told)

    def _refusal(self, trail: EmbedTrail, spec: ModelSpec) -> Refusal | None:
        candidate = self._registry.candidate(spec)
        return refusal(candidate, trail.as_dispatch(), TaskType.EMBEDDING, NO_TEXT, self._budget_mib)

    async def _tried(self, trail: EmbedTrail, spec: ModelSpec) -> Vectors:
        """Once more after a fault of the wire or of a start, on whichever replica is free then; never elsewhere."""
        with self._budget.under_way() as tries:
            while True:
                try:
                    return await self._attempt(trail, spec)
                except (HostUnreachable, RuntimeRateLimited, RuntimeDenied):
                    raise
                except (RuntimeFault, ReplicaStartFailed):
                    is_last = len(trail.attempts) >= _ATTEMPTS_MAX or self._refusal(trail, spec) is not None
                    if is_last or (trail.was_asked and not tries.again()):
                        raise
                    self._recorder.fell_back(spec.id)

    async def _attempt(self, trail: EmbedTrail, spec: ModelSpec) -> Vectors:
        begun_s = self._now()
        trail.was_asked = False
        error_code: str | None = "cancelled"
        try:
            async with self._leaser.lease(self._waiter(trail, spec)) as lease:
                trail.leased(lease)
                vectors = await self._asked(trail, spec, lease)
            error_code = None
        except DispatcherError as error:
            error_code = error.code
            raise
        finally:
            trail.attempts.append(Attempt(spec.id, error_code, self._now() - begun_s))
        return vectors

    async def _asked(self, trail: EmbedTrail, spec: ModelSpec, lease: Lease) -> Vectors:
        trail.asks(lease)
        try:
            vectors = together([part async for part in self._in_bites(trail, spec, lease)])
        except asyncio.CancelledError:
            lease.rest_s = _REST_S
            raise
        except RuntimeFault as error:
            if in_flight := await self._doctor.failed(lease.replica, error):
                self._poison.crashed(trail.as_dispatch(), spec.id, was_alone=in_flight == 1)
            raise
        self._doctor.answered(lease.replica)
        self._poison.answered(trail.as_dispatch(), spec.id)
        trail.vectors = vectors
        return vectors

    async def _in_bites(self, trail: EmbedTrail, spec: ModelSpec, lease: Lease) -> AsyncIterator[Vectors]:
        """So many texts at a time that reading their vectors keeps nobody else waiting."""
        request, runtime = trail.request, self._equipment.runtime_of(spec)
        for first in range(0, len(request.texts), _BITE):
            texts = request.texts[first : first + _BITE]
            ask = EmbedAsk(spec.id, texts, spec.context_tokens, request.truncate, first)
            if first:
                lease.asks_again()
            vectors = await runtime.embed(lease.endpoint, ask, self._patience(trail, spec, texts))
            self._sizes.note(spec, vectors)
            yield vectors

    def _waiter(self, trail: EmbedTrail, spec: ModelSpec) -> Waiter:
        return Waiter(
            ticket=self._fleet.ticket(),
            model_id=spec.id,
            share=trail.request.share,
            priority=trail.request.priority,
            arrived_s=self._now(),
            deadline_s=trail.deadline.at_s,
            run_s=self._run_s(spec, trail.request.texts),
        )

    def _run_s(self, spec: ModelSpec, texts: Sequence[str]) -> float:
        tokens = sum(min(token_estimate(text) + _SPECIAL_TOKENS, spec.context_tokens) for text in texts)
        return REQUEST_S + prefill_s(spec, tokens, self._registry.candidate(spec).threads)

    def _patience(self, trail: EmbedTrail, spec: ModelSpec, texts: Sequence[str]) -> Deadline:
        """As long as the vectors may well take, and a load where that isn't ours to do."""
        load_s = spec.load_s if spec.host is HostKind.REMOTE else 0.0
        silent_s = load_s + _DOUBT * self._run_s(spec, texts) + self._limits.stall_s
        return trail.deadline.patient_for(silent_s, silent_s)


_BY_NAME = "the request names it"
_BY_DEFAULT = "no model was named, and it is the default for embeddings (AI_DISPATCH_EMBEDDING_MODEL)"


def _check(request: EmbedRequest, limits: EmbedLimits) -> None:
    if len(request.texts) > TEXTS_MAX:
        raise InvalidRequest(f"input: {len(request.texts)} texts are more than the {TEXTS_MAX} allowed; send fewer")
    if request.chars > limits.chars_max:
        raise InvalidRequest(
            f"input: {request.chars} characters are more than the {limits.chars_max} allowed; send fewer texts at a "
            "time, or raise AI_DISPATCH_PROMPT_CHARS_MAX"
        )
    if request.dimensions is not None and request.dimensions < 1:
        raise InvalidRequest(f"dimensions: {request.dimensions} is less than 1; leave it out for whole vectors")
