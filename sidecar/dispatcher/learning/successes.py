"""How often each model gives a usable answer here, by kind of work and by node; at first as the catalogue says."""

from dispatcher.core.shrinkage import Shrinkage

_SD = 0.2  # of success, 0 or 1, about what the catalogue expects
_HALF_LIFE = 200.0  # outcomes
_LEAST, _MOST = 0.02, 0.995  # nothing is ever certain


class Successes:
    """Learns by how much success differs from what the catalogue expects."""

    def __init__(self) -> None:
        self._off = Shrinkage(_SD, _HALF_LIFE)

    def chance(self, model_id: str, work: str, node: str, expected: float) -> tuple[float, float]:
        """Chance of a usable answer, 0..1, and how many outcomes say so; `expected` is the catalogue's."""
        off, tries = self._off.mean(_path(model_id, work, node))
        return max(_LEAST, min(_MOST, expected + off)), tries

    def learn(self, model_id: str, work: str, node: str, expected: float, success: float, weight: float) -> None:
        """Take in one outcome: 1 for a usable answer, 0 for none."""
        self._off.learn(_path(model_id, work, node), success - expected, weight)

    def reset(self, model_id: str) -> None:
        """Forget a model whose weights or template have changed."""
        self._off.reset(model_id)


def _path(model_id: str, work: str, node: str) -> tuple[str, ...]:
    return (model_id, work, node) if node else (model_id, work)
