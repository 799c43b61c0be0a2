"""How many there are by share, such as a workflow."""


class Tally:
    """Counts; a share that has none takes no memory."""

    def __init__(self) -> None:
        self.total = 0
        self._by_share: dict[str, int] = {}

    def __len__(self) -> int:
        """How many shares have any."""
        return len(self._by_share)

    def of(self, share: str) -> int:
        """How many a share has."""
        return self._by_share.get(share, 0)

    def add(self, share: str) -> None:
        """Count one more."""
        self.total += 1
        self._by_share[share] = self.of(share) + 1

    def remove(self, share: str) -> None:
        """Count one less."""
        self.total -= 1
        self._by_share[share] -= 1
        if not self._by_share[share]:
            del self._by_share[share]
