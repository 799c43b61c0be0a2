"""Whether a model is still the one that was learned of: new weights or another template start from nothing."""

from collections.abc import Callable, Mapping

import structlog

from dispatcher.core.model import ModelSpec
from dispatcher.core.task import ModelId
from dispatcher.store.database import Database
from dispatcher.store.generations import Generation, record_generation

_LOG = structlog.get_logger(__name__)


class Generations:
    """Keeps each model's identity. `on_new` is told of a model that isn't the one it was."""

    def __init__(self, database: Database, known: Mapping[ModelId, Generation], wall: Callable[[], float]) -> None:
        self._database = database
        self._known = dict(known)
        self._wall = wall
        self.on_new: Callable[[ModelId], None] | None = None

    def since_at(self, model_id: ModelId) -> float:
        """From when on outcomes are of the model as it is now, in Unix time."""
        known = self._known.get(model_id)
        return known.since_at if known else 0.0

    def note(self, spec: ModelSpec, digest: str = "") -> None:
        """Say what a model is made of; `digest` is that of its weights, where it is known."""
        identity = "|".join((spec.engine, spec.reference or spec.id, spec.family, digest))
        known = self._known.get(spec.id)
        if known is not None and known.identity == identity:
            return
        since_at = 0.0 if known is None else self._wall()
        self._known[spec.id] = Generation(identity, since_at)
        record_generation(self._database, spec.id, self._known[spec.id])
        if known is not None:
            _LOG.info("model_renewed", model=spec.id)
            if self.on_new is not None:
                self.on_new(spec.id)
