"""Rankers ready to serve, put together from what came with the package or was trained here."""

from dispatcher.core.features import FEATURES_VERSION
from dispatcher.core.forecast import RANKER
from dispatcher.learning.artifact import Artifact, RankerBroken
from dispatcher.learning.learned_quality import Base, LearnedQuality
from dispatcher.learning.loaded import loaded
from dispatcher.learning.online import OnlineQuality
from dispatcher.learning.prior_base import PriorBase
from dispatcher.learning.ranker import Experience, Ranker
from dispatcher.learning.table_quality import TableQuality


class Assembler:
    """Puts rankers together around what this installation knows.

    Args:
        prior: learned from public outcomes; None where LightGBM can't be loaded: then the catalogue stands alone.
    """

    def __init__(self, experience: Experience, prior: PriorBase | None) -> None:
        self._experience = experience
        self._prior = prior

    def prior_ranker(self) -> Ranker:
        """Who forecasts before anything was trained here."""
        if self._prior is None:
            return Ranker(RANKER, self._experience, TableQuality())
        return Ranker(RANKER, self._experience, self._learned(self._prior, ()))

    def trained_ranker(self, name: str, artifact: Artifact) -> Ranker:
        """A ranker that was trained here; it knows no outcome yet but those of its training.

        Raises: RankerBroken when its files don't make one.
        """
        parts = loaded(artifact)
        if self._prior is None or parts.quality is None:
            raise RankerBroken("it has no model of quality")
        if parts.features_version != f"{FEATURES_VERSION} {self._prior.encoder.version}":
            raise RankerBroken("it was trained on features of another version")
        known = tuple(one.model_id for one in parts.quality.facts)
        return Ranker(name, self._experience, self._learned(parts.quality, known), parts.heads)

    def _learned(self, base: Base, familiar: tuple[str, ...]) -> LearnedQuality:
        assert self._prior is not None  # noqa: S101 - checked by whoever calls
        return LearnedQuality(self._prior.encoder, base, OnlineQuality(len(base.landmarks.centres), familiar))
