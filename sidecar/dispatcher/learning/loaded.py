"""A ranker's parts, ready to serve, from its files; those that were verified by a child first."""

from dataclasses import dataclass

from dispatcher.learning.artifact import Artifact, RankerBroken
from dispatcher.learning.heads import PARTS, SPREAD, Heads
from dispatcher.learning.quality import QualityModel
from dispatcher.learning.verify import model_text

_QUALITY = "quality.txt"


@dataclass(frozen=True, slots=True)
class LoadedParts:
    """What a ranker brings: quality, or None where too little was judged; heads for times, perhaps none.

    `features_version` is that of the features and the text encoder that its quality was fitted to.
    """

    quality: QualityModel | None
    heads: Heads
    features_version: str


def loaded(artifact: Artifact) -> LoadedParts:
    """Put a ranker's parts together; takes tens of milliseconds, so not on the event loop.

    Raises: RankerBroken.
    """
    names = [part + end for part in PARTS for end in ("", SPREAD)]
    texts = {name: model_text(artifact, f"times_{name}.txt") for name in names if f"times_{name}.txt" in artifact.files}
    try:
        quality = None
        if _QUALITY in artifact.files:
            model_text(artifact, _QUALITY)
            quality = QualityModel.from_parts(artifact.files)
        return LoadedParts(quality, Heads(texts), artifact.card.features_version)
    except ValueError as error:
        raise RankerBroken(f"its parts don't fit together: {error}") from error
