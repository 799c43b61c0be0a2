"""A ranker as it stands in the list: what it was made from, how far it has come, and the evidence for that."""

from dataclasses import dataclass

from dispatcher.core.evidence import Evidence, Shadow, Tally
from dispatcher.core.promotion import Stage

KEPT_MAX = 3
"""So many rankers that were live once stay, to go back to; and as many that never were."""

ON_TRIAL = frozenset({Stage.SHADOW, Stage.CANARY})


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that was found out about a ranker: on the log, beside the live one, and by its own choices.

    `live` are those of the live one meanwhile.
    """

    evidence: Evidence | None = None
    shadow: Shadow | None = None
    canary: Tally | None = None
    live: Tally | None = None


@dataclass(frozen=True, slots=True)
class RankerEntry:
    """One ranker. Times in Unix seconds; `card` is JSON, `sha256` that of the card's file; `why` it is at its stage."""

    id: str
    created_at: float
    stage: Stage
    sha256: str
    card: str
    assessment: Assessment | None
    changed_at: float
    why: str
