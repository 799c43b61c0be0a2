"""How far a pull is: takes Ollama's lines about single layers, gives the whole."""

from typing import Any

from dispatcher.core.replica import Fetching
from dispatcher.errors import RuntimeBadAnswer, WeightsUnavailable
from dispatcher.runtimes.ollama_faults import error_words


class PullSoFar:
    """The layers heard of so far; Ollama names each when it begins with it, the biggest first."""

    def __init__(self, reference: str) -> None:
        self._reference = reference
        self._totals: dict[str, int] = {}
        self._done: dict[str, int] = {}
        self.status = ""

    @property
    def is_whole(self) -> bool:
        """Whether all is there and checked."""
        return self.status == "success"

    @property
    def is_verifying(self) -> bool:
        """Whether it reads through all it has fetched, and says nothing meanwhile."""
        return self.status.startswith("verifying")

    @property
    def fetching(self) -> Fetching:
        """How far it is."""
        return Fetching(self._reference, sum(self._done.values()), sum(self._totals.values()) or None)

    def take(self, line: dict[str, Any]) -> None:
        """Take one line. WeightsUnavailable, with Ollama's reason, when it says that it failed."""
        if "error" in line:
            raise WeightsUnavailable(f"{self._reference} can't be fetched: {error_words(line['error'])}")
        status, digest = line.get("status"), line.get("digest")
        if not isinstance(status, str):
            raise RuntimeBadAnswer("the inference server sent progress without a status")
        self.status = status
        if isinstance(digest, str):
            self._totals[digest] = _bytes(line.get("total"), self._totals.get(digest, 0))
            self._done[digest] = _bytes(line.get("completed"), self._done.get(digest, 0))


def _bytes(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else otherwise
