"""What the model's name in a request of another protocol means: an alias, or one model that is pinned."""

from collections.abc import Iterator
from dataclasses import dataclass

from dispatcher.core.aliases import ALIASES, Alias, alias_of
from dispatcher.core.model import ModelSpec, WeightsState
from dispatcher.core.task import Capability, ModelId
from dispatcher.errors import ModelNotFound
from dispatcher.service.registry import Registry

_LATEST = ":latest"


@dataclass(frozen=True, slots=True)
class Named:
    """A name that was understood: `model` is pinned by it; None when it is to be chosen, as `alias` says."""

    asked: str
    model: ModelId | None
    alias: Alias


class ModelNames:
    """Knows which names there are."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def of(self, name: str) -> Named:
        """Understand a name: an alias, an id of the registry, or what the model's own server calls it.

        Raises: ModelNotFound, saying which names there are.
        """
        if (alias := alias_of(name)) is not None:
            return Named(name, None, alias)
        return Named(name, self.model(name).id, Alias(""))

    def model(self, name: str) -> ModelSpec:
        """The one model of that name.

        Raises: ModelNotFound likewise.
        """
        wanted = name.strip().lower().removesuffix(_LATEST)
        for names in (_ids, _references):
            for spec in self._registry:
                if wanted and wanted in names(spec):
                    return spec
        known = ", ".join([*ALIASES, *(spec.id for spec in self._registry)])
        raise ModelNotFound(f"model: there is no {name[:200]!r}; there are {known}")

    def usable(self) -> Iterator[ModelSpec]:
        """The models that a caller may name and get now: enabled, and their weights are here."""
        for spec in self._registry:
            if spec.is_enabled and self._registry.candidate(spec).weights is WeightsState.PRESENT:
                yield spec

    def aliases(self) -> Iterator[tuple[str, Alias]]:
        """The aliases that some usable model could serve; none where there are only models for embeddings."""
        if any(
            Capability.EMBEDDING not in spec.capabilities or len(spec.quality.task_types) > 1 for spec in self.usable()
        ):
            yield from ALIASES.items()


def _ids(spec: ModelSpec) -> tuple[str, ...]:
    plain = spec.id.removesuffix(_LATEST)
    return plain, plain.removeprefix("ollama:")


def _references(spec: ModelSpec) -> tuple[str, ...]:
    return spec.reference.lower().removesuffix(_LATEST), spec.name.lower()
