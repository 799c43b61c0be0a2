"""A text's words and pairs of neighbouring words, as hashed numbers.

Long texts take some array operations and no loop over words; for short ones a loop is quicker, and finds the same.
"""

import re
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

BUCKET_BITS = 14
"""How many buckets words fall into, as a power of two."""

_SHORT = 400  # characters: a loop is quicker up to there
_ASCII_WORD = re.compile(r"[0-9A-Za-z']+|[^ \t\r0-9A-Za-z']")
_CHARS_MAX = 4096  # a sample is shorter; longer words than this would run out of powers
_MASK = (1 << 64) - 1
_PRIME = 0x100000001B3  # of the FNV hash
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # Knuth: 2^64 ÷ the golden ratio
_PAIR, _FIRST, _LAST = np.uint64(0xD6E8FEB86659FD93), np.uint64(77), np.uint64(99)
_SHIFT = np.uint64(64 - BUCKET_BITS)
_POWERS = np.array([pow(_PRIME, power, 1 << 64) for power in range(_CHARS_MAX)], np.uint64)
_IS_WORD = np.array([chr(byte).isalnum() or byte == ord("'") or byte > 0x7F for byte in range(256)])
_IS_BLANK = np.array([byte in b" \t\r" for byte in range(256)])
_IS_WIDE = np.arange(256) >= 0xE0  # begins a sign of a script written without spaces, so each is a word


def buckets_of(sample: str) -> NDArray[np.intp]:
    """List the distinct buckets of a lower-case text, in ascending order: words, pairs, and both ends apart."""
    if len(sample) <= _SHORT and sample.isascii():
        return _buckets_of_short(sample)
    raw = np.frombuffer(sample.encode(errors="replace")[:_CHARS_MAX], np.uint8)
    words = _words(raw)
    if not len(words):
        return np.empty(0, np.intp)
    pairs = words[:-1] * _PAIR + words[1:]
    ends = (words[:1] + _FIRST, words[-1:] + _LAST, pairs[:1] + _FIRST, pairs[-1:] + _LAST)
    found = ((np.concatenate((words, pairs, *ends)) * _SPREAD) >> _SHIFT).astype(np.intp)
    found.sort()
    return found[np.concatenate(([True], found[1:] != found[:-1]))]


def _buckets_of_short(sample: str) -> NDArray[np.intp]:
    words = [_hashed(word) for word in _ASCII_WORD.findall(sample)]
    if not words:
        return np.empty(0, np.intp)
    pairs = [(one * int(_PAIR) + other) & _MASK for one, other in pairwise(words)]
    ends = [words[0] + int(_FIRST), words[-1] + int(_LAST)]
    if pairs:
        ends += [pairs[0] + int(_FIRST), pairs[-1] + int(_LAST)]
    spread, shift = int(_SPREAD), int(_SHIFT)
    return np.array(sorted({((one * spread) & _MASK) >> shift for one in (*words, *pairs, *ends)}), np.intp)


@lru_cache(maxsize=20_000)
def _hashed(word: str) -> int:
    return sum((byte + 1) * pow(_PRIME, place, 1 << 64) for place, byte in enumerate(word.encode())) & _MASK


def _words(raw: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Hash each run of letters and digits, and each other sign by itself."""
    if not len(raw):
        return np.empty(0, np.uint64)
    is_word, is_blank = _IS_WORD[raw], _IS_BLANK[raw]
    begins = ~is_blank
    begins[1:] &= ~(is_word[1:] & is_word[:-1]) | _IS_WIDE[raw[1:]]
    starts = np.flatnonzero(begins)
    if not len(starts):
        return np.empty(0, np.uint64)
    at = np.arange(len(raw))
    place = at - starts[np.maximum(np.cumsum(begins) - 1, 0)]
    values = (raw.astype(np.uint64) + np.uint64(1)) * _POWERS[np.maximum(place, 0)]
    values[is_blank] = 0
    return np.add.reduceat(values, starts)
