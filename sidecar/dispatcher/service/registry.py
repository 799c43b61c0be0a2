"""The models there are, and what is known of each on this machine."""

from collections.abc import Iterator, Mapping, Sequence

from dispatcher.core.eligibility import Candidate
from dispatcher.core.model import Engine, HostKind, ModelSpec, WeightsState
from dispatcher.core.replica import ReplicaId, StartOrder
from dispatcher.core.task import ModelId
from dispatcher.errors import ModelNotFound
from dispatcher.service.equipment import Equipment
from dispatcher.service.quarantine import Quarantine
from dispatcher.service.rate_limits import RateLimits
from dispatcher.weights.library import WeightLibrary

_FROM_THE_LIBRARY = frozenset({Engine.EMBEDDED, Engine.LLAMA_CPP})
_RAISE = 1.5  # what ran out of memory is thought this much larger
_FETCH_MIB_PER_S = 10.0  # of a usual line, until a download's own speed is seen
_LIMIT_FACTOR = 1.5  # a replica may take this much more than its footprint before the system stops it


class Registry:
    """All models, in a fixed order.

    Args:
        peaks_mib: the most memory each model's replicas have ever been seen to take.
        threads: CPU threads each replica is given.
    """

    def __init__(
        self,
        specs: Sequence[ModelSpec],
        library: WeightLibrary,
        equipment: Equipment,
        quarantine: Quarantine,
        limits: RateLimits,
        peaks_mib: Mapping[ModelId, int],
        threads: int,
    ) -> None:
        self._specs = {spec.id: spec for spec in specs}
        self._library = library
        self._equipment = equipment
        self._quarantine = quarantine
        self._limits = limits
        self._peaks_mib = dict(peaks_mib)
        self._threads = threads
        self._raised: set[ModelId] = set()
        self._has_run = set(peaks_mib)

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(tuple(self._specs.values()))

    def put(self, spec: ModelSpec) -> None:
        """Add a model, or replace what is known of it; with another reference it is one that never ran here."""
        if (known := self._specs.get(spec.id)) is not None and known.reference != spec.reference:
            self._has_run.discard(spec.id)
        self._specs = dict(sorted({**self._specs, spec.id: spec}.items()))

    def remove(self, model_id: ModelId) -> None:
        """Forget a model."""
        self._specs.pop(model_id, None)

    def is_from_the_library(self, spec: ModelSpec) -> bool:
        """Whether the model is served from a file of ours; other servers fetch theirs themselves."""
        return spec.engine in _FROM_THE_LIBRARY and spec.host is not HostKind.REMOTE

    def weights_of(self, spec: ModelSpec) -> ModelId:
        """Whose file in the library the model is served from."""
        return ModelId(spec.reference) or spec.id

    def has_weights_of(self, spec: ModelSpec) -> bool:
        """Whether the catalogue names the file that a model of this engine is served from."""
        return not self.is_from_the_library(spec) or self._library.knows(self.weights_of(spec))

    def spec(self, model_id: str) -> ModelSpec:
        """One model.

        Raises: ModelNotFound, naming those there are.
        """
        spec = self._specs.get(ModelId(model_id))
        if spec is None:
            raise ModelNotFound(f"model: there is no {model_id[:200]!r}; there are {', '.join(self._specs)}")
        return spec

    def candidate(self, spec: ModelSpec) -> Candidate:
        """A model as it stands now, for choosing."""
        return Candidate(
            spec=spec,
            weights=self._weights_state(spec),
            threads=self._threads_of(spec),
            footprint_mib=self.footprint_mib(spec),
            quarantine=self._quarantine.why_not(spec.id),
            unstartable=self._equipment.why_unstartable(spec),
            fetch_s=self._fetch_s(spec),
            limited=self._limits.why_not(spec.id),
        )

    def order(self, spec: ModelSpec, replica_id: ReplicaId) -> StartOrder:
        """What a host is told to start a replica of this model."""
        has_file = self.is_from_the_library(spec)
        footprint_mib = self.footprint_mib(spec)
        return StartOrder(
            replica_id=replica_id,
            model_id=spec.id,
            weights_path=str(self._library.path(self.weights_of(spec))) if has_file else "",
            weights_sha256=self._library.sha256(self.weights_of(spec)) if has_file else "",
            context_tokens=spec.context_tokens,
            slots=spec.slots,
            threads=self._threads_of(spec),
            memory_limit_mib=round(footprint_mib * _LIMIT_FACTOR),
            engine=spec.engine,
            reference=spec.reference,
            needs_gpu=spec.needs_gpu,
            is_ours=spec.host is not HostKind.REMOTE,
            embeds=spec.only_embeds,
        )

    def _threads_of(self, spec: ModelSpec) -> int:
        """One where an admin entered a server that someone else runs: what is known of its speed is of the whole."""
        return 1 if spec.url else self._threads

    def _fetch_s(self, spec: ModelSpec) -> float:
        """What its server has to fetch before it can load it: nothing, once a replica of it has run here."""
        fetches = spec.host is HostKind.DOCKER and not self.is_from_the_library(spec)
        return spec.footprint.weights_mib / _FETCH_MIB_PER_S if fetches and spec.id not in self._has_run else 0.0

    def _weights_state(self, spec: ModelSpec) -> WeightsState:
        """What a server fetches itself is as good as here."""
        return self._library.state(self.weights_of(spec)) if self.is_from_the_library(spec) else WeightsState.PRESENT

    def footprint_mib(self, spec: ModelSpec) -> int:
        """Memory to reserve for one replica: the larger of what it should take and what it has taken.

        None of ours for one that someone else runs.
        """
        if spec.host is HostKind.REMOTE:
            return 0
        return max(spec.footprint_mib, self._peaks_mib.get(spec.id, 0))

    def ran_out(self, model_id: ModelId, footprint_mib: int) -> int | None:
        """Note that a replica needed more than thought; returns the new estimate, None if it was raised before."""
        if model_id in self._raised:
            return None
        self._raised.add(model_id)
        self._peaks_mib[model_id] = round(footprint_mib * _RAISE)
        return self._peaks_mib[model_id]

    def came_up(self, model_id: ModelId) -> None:
        """Note that a replica has run here: what it had to fetch is there."""
        self._has_run.add(model_id)

    def measured(self, model_id: ModelId, memory_mib: int) -> None:
        """Note how much memory a replica takes."""
        self._peaks_mib[model_id] = max(self._peaks_mib.get(model_id, 0), memory_mib)
