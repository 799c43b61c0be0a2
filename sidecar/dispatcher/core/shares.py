"""How much work each share, such as a workflow, has had lately."""

import math
from collections.abc import Mapping

_MEMORY_S = 120.0
_FORGOTTEN_S = 0.01  # of work: as good as none


class Shares:
    """Seconds of work by share, fading. Times in monotonic seconds."""

    def __init__(self, now_s: float) -> None:
        self._at_s = now_s
        self._served_s: dict[str, float] = {}

    def as_of(self, now_s: float) -> Mapping[str, float]:
        """What each has had, as of now; one that isn't there has had nothing."""
        faded = math.exp(min(0.0, self._at_s - now_s) / _MEMORY_S)
        if faded < 1.0:
            kept = {share: served_s * faded for share, served_s in self._served_s.items()}
            self._served_s = {share: served_s for share, served_s in kept.items() if served_s > _FORGOTTEN_S}
            self._at_s = now_s
        return self._served_s

    def served(self, share: str, work_s: float) -> None:
        """Count work that is about to be done for a share.

        A new one is put level with whichever has had least: else it would go before all the others until it had caught
        up with what they had had before it came.
        """
        least_s = min(self._served_s.values(), default=0.0)
        self._served_s[share] = self._served_s.get(share, least_s) + work_s
