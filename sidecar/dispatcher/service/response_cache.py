"""Answers given before, kept in memory for callers who want the same again rather than a new one."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b

from dispatcher.core.job import Owner
from dispatcher.core.model import ModelSpec
from dispatcher.core.task import Context, DispatchRequest
from dispatcher.errors import ModelNotFound
from dispatcher.metrics import Metrics
from dispatcher.service.dispatch import Answer
from dispatcher.service.registry import Registry

_FIXED_BYTES = 8192  # the decision with all its options, and the objects around the text
_BYTES_PER_CHAR = 8  # the text, and its JSON parsed


class Verdict(StrEnum):
    """What came of looking: it was there, it wasn't, or such a request is never kept."""

    HIT = "hit"
    MISS = "miss"
    BYPASS = "bypass"


@dataclass(frozen=True, slots=True)
class Found:
    """What came of looking, and the answer if there was one: that of the dispatch that gave it first."""

    verdict: Verdict
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    answer: Answer
    spec: ModelSpec
    until_s: float
    size_bytes: int


class ResponseCache:
    """Gives an answer again to exactly the same request of the same owner.

    Only what would come out the same anyway is kept: answers without chance, or with a seed. Requests are known by a
    keyed hash. An answer is forgotten when it is old, when its model's entry has changed, or when room is needed.

    Args:
        key: of this run of the sidecar; without it nothing can be learnt from the hashes.
        now: the monotonic clock, in seconds.
        bytes_max: room for answers; 0 keeps none.
        ttl_s: how long one is good.
    """

    def __init__(
        self, registry: Registry, metrics: Metrics, key: bytes, now: Callable[[], float], bytes_max: int, ttl_s: float
    ) -> None:
        self._registry = registry
        self._metrics = metrics
        self._key = key
        self._now = now
        self._bytes_max = bytes_max
        self._ttl_s = ttl_s
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._bytes = 0

    def find(self, request: DispatchRequest, owner: Owner) -> Found:
        """Look for the answer to the same request."""
        found = self._found(request, owner)
        self._metrics.response_cache.labels(found.verdict).inc()
        return found

    def keep(self, request: DispatchRequest, owner: Owner, answer: Answer) -> None:
        """Keep an answer for the next who asks the same; the one unused for longest goes when there is no room."""
        spec = self._spec_of(answer)
        size = _FIXED_BYTES + _BYTES_PER_CHAR * _chars(answer)
        if spec is None or not self._takes(request) or size > self._bytes_max:
            return
        name = self._name(request, owner)
        self._drop(name)
        self._kept[name] = _Kept(answer, spec, self._now() + self._ttl_s, size)
        self._bytes += size
        while self._bytes > self._bytes_max:
            self._drop(next(iter(self._kept)))
        self._metrics.response_cache_bytes.set(self._bytes)

    def _found(self, request: DispatchRequest, owner: Owner) -> Found:
        if not self._takes(request):
            return Found(Verdict.BYPASS)
        name = self._name(request, owner)
        kept = self._kept.get(name)
        if kept is None:
            return Found(Verdict.MISS)
        if not self._is_good(kept):
            self._drop(name)
            return Found(Verdict.MISS)
        self._kept.move_to_end(name)
        return Found(Verdict.HIT, kept.answer)

    def _takes(self, request: DispatchRequest) -> bool:
        sampling = request.requirements.sampling
        return self._bytes_max > 0 and (sampling.temperature == 0 or sampling.seed is not None)

    def _is_good(self, kept: _Kept) -> bool:
        return self._now() < kept.until_s and self._spec_of(kept.answer) == kept.spec and kept.spec.is_enabled

    def _spec_of(self, answer: Answer) -> ModelSpec | None:
        try:
            return self._registry.spec(answer.decision.chosen.model_id)
        except ModelNotFound:
            return None

    def _name(self, request: DispatchRequest, owner: Owner) -> bytes:
        """All that shapes an answer; not who asks where, nor by when."""
        wants = replace(request.requirements, timeout_s=0.0, capabilities=frozenset())
        shapes = replace(request, context=Context(), priority=0, explore=True, requirements=wants)
        told = f"{owner.value} {sorted(request.requirements.capabilities)} {shapes!r}"
        return blake2b(told.encode("utf-8", "surrogatepass"), key=self._key, digest_size=32).digest()

    def _drop(self, name: bytes) -> None:
        if (kept := self._kept.pop(name, None)) is not None:
            self._bytes -= kept.size_bytes
            self._metrics.response_cache_bytes.set(self._bytes)


def _chars(answer: Answer) -> int:
    said = answer.completion
    return len(said.text) + len(said.thinking) + sum(len(call.arguments) for call in said.tool_calls)
