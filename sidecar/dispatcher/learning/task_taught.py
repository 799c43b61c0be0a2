"""What callers who name task type and complexity teach about prompts that look alike: counts of hashed words."""

import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from dispatcher.core.task import Complexity
from dispatcher.core.taught import TaughtCounts
from dispatcher.core.teaching import Teaching
from dispatcher.learning.task_guess import KINDS
from dispatcher.learning.task_words import ROWS, SHAPE_ROW

LEVELS: tuple[Complexity, ...] = (Complexity.LOW, Complexity.MEDIUM, Complexity.HIGH)
"""The complexities, in the order of their columns, which stand behind those of `KINDS`."""

LABELS: tuple[str, ...] = (*KINDS, *LEVELS)
VERSION = f"1:{ROWS}:{','.join(LABELS)}"

_PACKED = (ROWS + 1, len(LABELS))  # the last row says how many examples each label has
_KNOWN = 50.0  # prompts' worth of what the shipped table says about how common a word is
_DOUBT, _DOUBT_OF_COMMON = 1.0, 40.0  # examples added to both sides of a ratio: one is no proof, of "the" not even ten
_LIFT_MAX = 2.5  # nats that one word may bring; none speaks against a label: of other prompts nothing was taught
_HALF = 5.0  # examples of a label at which what it was taught counts half


class Taught:
    """Counts in how many examples of each label a word occurs, and how much oftener that is than elsewhere.

    Args:
        common: float32, (ROWS,): the share of all prompts that switch a row on, as far as is known beforehand.
    """

    def __init__(self, common: NDArray[np.float32], kept: TaughtCounts | None = None) -> None:
        self._common = common
        whole = _unpacked(kept) if kept is not None else None
        self._teaching = Teaching(kept.shares if kept is not None and whole is not None else ())
        whole = np.zeros(_PACKED, np.float32) if whole is None else whole
        self._counts, self._examples = whole[:-1], whole[-1]

    def learn(self, rows: Sequence[int], labels: Iterable[str], workflow_id: str | None) -> None:
        """Take in a prompt, and what its caller said it is: a task type, a complexity or both."""
        for label in labels:
            column, weight = LABELS.index(label), np.float32(self._teaching.admit(workflow_id, label))
            self._counts[rows, column] += weight
            self._examples[column] += weight

    def fade(self, factor: float) -> None:
        """Let all that was taught so far count less. By time, not by prompts: a flood mustn't wash it away."""
        self._counts *= np.float32(factor)
        self._examples *= np.float32(factor)
        self._teaching.fade(factor)

    def lifts(self) -> NDArray[np.float32]:
        """Say how much each row speaks for each label, in nats. Shape (ROWS, labels); zeros where nothing was taught.

        Source: naive Bayes' log ratio of a word's rate within a label and elsewhere, shrunk by pseudo-counts.
        """
        kinds = len(KINDS)
        return np.hstack([self._lifts(slice(0, kinds)), self._lifts(slice(kinds, None))])

    def packed(self) -> TaughtCounts:
        """Everything, to be written down."""
        whole = np.vstack((self._counts, self._examples)).astype("<f4")
        return TaughtCounts(VERSION, zlib.compress(whole.tobytes(), 1), self._teaching.shares())

    def _lifts(self, group: slice) -> NDArray[np.float32]:
        """Of labels that exclude each other: what is elsewhere is the other labels, and the prompts known before."""
        counts, examples = self._counts[:, group], self._examples[group]
        known = self._common[:, None]
        others = (counts.sum(1, keepdims=True) - counts + _KNOWN * known) / (examples.sum() - examples + _KNOWN)
        doubt = _DOUBT + _DOUBT_OF_COMMON * known
        found = np.log((counts + doubt) / (others * examples + doubt))
        lifts: NDArray[np.float32] = np.clip(found, 0.0, _LIFT_MAX) * (examples / (examples + _HALF))
        lifts[SHAPE_ROW:] = 0.0  # prompts of one shape needn't be about the same
        return lifts


def _unpacked(kept: TaughtCounts) -> NDArray[np.float32] | None:
    """Unpack what `packed` made; None when it is of no use."""
    size = _PACKED[0] * _PACKED[1] * 4
    if kept.version != VERSION:
        return None
    try:
        raw = zlib.decompressobj().decompress(kept.counts, size + 1)
    except zlib.error:
        return None
    if len(raw) != size:
        return None
    whole = np.frombuffer(raw, "<f4").reshape(_PACKED).astype(np.float32)
    return whole if np.isfinite(whole).all() and (whole >= 0).all() else None
