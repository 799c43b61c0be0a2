"""The models there are, and what is known of each on this machine."""

from collections.abc import Iterator, Mapping, Sequence

from dispatcher.core.eligibility import Candidate
from dispatcher.core.model import ModelSpec
from dispatcher.core.task import ModelId
from dispatcher.errors import ModelNotFound
from dispatcher.service.quarantine import Quarantine
from dispatcher.weights.library import WeightLibrary


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
        quarantine: Quarantine,
        peaks_mib: Mapping[ModelId, int],
        threads: int,
    ) -> None:
        self._specs = {spec.id: spec for spec in specs}
        self._library = library
        self._quarantine = quarantine
        self._peaks_mib = dict(peaks_mib)
        self._threads = threads

    def __iter__(self) -> Iterator[ModelSpec]:
        return iter(self._specs.values())

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
            weights=self._library.state(spec.id),
            threads=self._threads,
            footprint_mib=self.footprint_mib(spec),
            quarantine=self._quarantine.why_not(spec.id),
        )

    def footprint_mib(self, spec: ModelSpec) -> int:
        """Memory to reserve for one replica: the larger of what it should take and what it has taken."""
        return max(spec.footprint_mib, self._peaks_mib.get(spec.id, 0))

    def measured(self, model_id: ModelId, memory_mib: int) -> None:
        """Note how much memory a replica takes."""
        self._peaks_mib[model_id] = max(self._peaks_mib.get(model_id, 0), memory_mib)
