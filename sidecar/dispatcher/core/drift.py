"""Whether what is measured has changed for good, and not by chance.

Source: two-sided cumulative sum (Page 1954).
"""

_SLACK = 0.5  # changes smaller than this, in standard deviations, aren't looked for
_LIMIT = 10.0  # by chance about once in ten thousand outcomes; a doubling is seen after five to ten
_LARGEST = 3.0  # no single outlier weighs more


class ChangeDetector:
    """Adds up how far outcomes are off what was expected, and tells when that can't be chance any more."""

    __slots__ = ("_above", "_below")

    def __init__(self) -> None:
        self._above = 0.0
        self._below = 0.0

    def saw(self, error: float) -> bool:
        """Take in an error in standard deviations; True when the world has changed, and counting begins anew."""
        error = max(-_LARGEST, min(_LARGEST, error))
        self._above = max(0.0, self._above + error - _SLACK)
        self._below = max(0.0, self._below - error - _SLACK)
        has_changed = max(self._above, self._below) > _LIMIT
        if has_changed:
            self._above = self._below = 0.0
        return has_changed
