"""Means of what was seen under a key, drawn towards those of the broader keys above it while there is little of it.

Source: hierarchical empirical Bayes by the method of moments (Efron & Morris 1975; Morris 1983).
"""

from collections import OrderedDict
from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

KEYS_MAX = 8192
_PARENT_TRIES = (0.5, 20.0)  # what a broader key may be worth, in outcomes of the narrower one
_FIRST_PARENT_TRIES = 4.0
_PRIOR_TRIES = 2.0  # what the prior is worth to the broadest key
_SPREAD_TRIES = 5.0
_MEMORY = 500.0  # outcomes over which the variances of a level are averaged
_FIRST_MEMORY = 20.0


class Estimate(NamedTuple):
    """What the next value under a key will be: its mean, its standard deviation, and how many outcomes say so.

    `tries` counts those of broader keys for what they are worth here; 0 when all is prior.
    """

    mean: float
    sd: float
    tries: float


_UNKNOWN = Estimate(0.0, 0.0, 0.0)


class Shrinkage:
    """Learns means and spreads of values under paths of keys, the broadest key first; what is old fades.

    Args:
        sd: standard deviation of a value about the prior, before anything is known.
        half_life: outcomes under a key after which an older one counts half.
        prior: the mean before anything is known.
        keys_max: keys remembered; those not seen for longest are forgotten.
    """

    def __init__(self, sd: float, half_life: float = 100.0, prior: float = 0.0, keys_max: int = KEYS_MAX) -> None:
        self._fading: float = 0.5 ** (1.0 / half_life)
        self._keys_max = keys_max
        self._nothing = Estimate(prior, sd, 0.0)
        self._root = _Cell()
        self._recent: OrderedDict[tuple[str, ...], _Cell] = OrderedDict()
        self._levels: list[_Level] = []
        self._version = 0

    def learn(self, path: Sequence[str], value: float, weight: float = 1.0) -> None:
        """Take in one value, which counts `weight` times as much as most."""
        keys = tuple(path)
        mean, above, cell = self._nothing.mean, 0.0, self._root
        for depth in range(len(keys)):
            level, cell = self._level(depth), self._entered(cell, keys[: depth + 1])
            if cell.tries > 0.0:
                level.note(cell, value, mean, has_siblings=above > cell.tries + 0.5)
            mean, above = cell.drawn_to(mean, level.parent_tries), cell.tries
            cell.add(value, weight, self._fading)
        for depth in range(len(keys), 0, -1):  # a broader key outlives its narrower ones
            self._recent.move_to_end(keys[:depth])
        while len(self._recent) > self._keys_max:
            self._forget(next(iter(self._recent)))
        self._version += 1

    def mean(self, path: Sequence[str]) -> tuple[float, float]:
        """The shrunken mean and how many outcomes it is worth."""
        found = self.estimate(path)
        return found.mean, found.tries

    def estimate(self, path: Sequence[str]) -> Estimate:
        """What the next value under this path will be; O(levels), and less for broader keys that were just asked."""
        cell: _Cell | None = self._root
        found, version, levels = self._nothing, self._version, self._levels
        for depth, key in enumerate(path[: len(levels)]):
            cell = cell.narrower.get(key) if cell is not None else None
            if cell is None:
                found = Estimate(found.mean, found.sd, _worth(found.tries, levels[depth].parent_tries))
            elif cell.version == version:
                found = cell.known
            else:
                found = cell.known = cell.estimate(found, levels[depth].parent_tries)
                cell.version = version
        return found

    def reset(self, key: str) -> None:
        """Forget everything under this key, such as a model whose weights have changed."""
        for path in [path for path in self._recent if key in path]:
            self._forget(path)
        self._version += 1

    def doubt(self, key: str, tries: float = 1.0) -> None:
        """Let what is known under this key be worth at most so many outcomes: the world has changed."""
        for path, cell in self._recent.items():
            if key in path and cell.tries > tries:
                cell.fade(tries / cell.tries)
        self._version += 1

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._recent)

    def _entered(self, parent: "_Cell", keys: tuple[str, ...]) -> "_Cell":
        cell = parent.narrower.get(keys[-1])
        if cell is None:
            cell = parent.narrower[keys[-1]] = self._recent[keys] = _Cell()
        return cell

    def _forget(self, keys: tuple[str, ...]) -> None:
        """Drop a key; its narrower ones are older still, or go with it."""
        del self._recent[keys]
        cell = self._root
        for key in keys[:-1]:
            if (inner := cell.narrower.get(key)) is None:
                return
            cell = inner
        cell.narrower.pop(keys[-1], None)

    def _level(self, depth: int) -> "_Level":
        if depth == len(self._levels):
            self._levels.append(_Level(self._nothing.sd**2, is_broadest=depth == 0))
        return self._levels[depth]


class _Cell:
    """Mean and sum of squares about it, of values that fade; with the estimate last made from them."""

    __slots__ = ("known", "mean", "narrower", "squares", "tries", "version")

    def __init__(self) -> None:
        self.tries = 0.0
        self.mean = 0.0
        self.squares = 0.0
        self.narrower: dict[str, _Cell] = {}
        self.known = _UNKNOWN
        self.version = -1

    def add(self, value: float, weight: float, fading: float) -> None:
        self.fade(fading)
        off = value - self.mean
        self.tries += weight
        self.mean += off * weight / self.tries
        self.squares += weight * off * (value - self.mean)

    def fade(self, share: float) -> None:
        self.tries *= share
        self.squares *= share

    def drawn_to(self, mean: float, parent_tries: float) -> float:
        return (self.tries * self.mean + parent_tries * mean) / (self.tries + parent_tries)

    def estimate(self, above: Estimate, parent_tries: float) -> Estimate:
        """A spread takes more outcomes to be believed than a mean does."""
        tries, more, sd = self.tries, above.tries, above.sd  # no calls here: a dispatch asks for dozens
        freedom = tries - 1.0 if tries > 1.0 else 0.0
        return Estimate(
            (tries * self.mean + parent_tries * above.mean) / (tries + parent_tries),
            sqrt((self.squares + _SPREAD_TRIES * sd * sd) / (freedom + _SPREAD_TRIES)),
            tries + (more * parent_tries / (more + parent_tries) if more else 0.0),
        )


class _Level:
    """How much keys of one depth differ from the broader ones above them, against how much their own values do."""

    __slots__ = ("_between", "_is_broadest", "_noted", "_within", "parent_tries")

    def __init__(self, variance: float, *, is_broadest: bool) -> None:
        self._is_broadest = is_broadest
        self._within = variance
        self._between = variance / _FIRST_PARENT_TRIES
        self._noted = _FIRST_MEMORY
        self.parent_tries = _PRIOR_TRIES if is_broadest else _FIRST_PARENT_TRIES

    def note(self, cell: _Cell, value: float, above: float, *, has_siblings: bool) -> None:
        """Method of moments: a value is off its key's mean by s²(1 + 1/n), that mean off the one above by t² + s²/n."""
        self._noted = min(_MEMORY, self._noted + 1.0)
        off, n = value - cell.mean, cell.tries
        self._within += (off * off * n / (n + 1.0) - self._within) / self._noted
        if self._is_broadest or not has_siblings:
            return
        apart = (cell.mean - above) ** 2 - self._within / n
        self._between += (apart - self._between) / self._noted
        least, most = _PARENT_TRIES
        self.parent_tries = most if self._between * most <= self._within else max(least, self._within / self._between)


def _worth(tries: float, parent_tries: float) -> float:
    """What so many outcomes of a broader key are worth to a narrower one."""
    return tries * parent_tries / (tries + parent_tries) if tries else 0.0
