"""What a prompt is told by when its kind of work is guessed: hashed words of its first and last line, and its shape."""

import re
from bisect import bisect_right
from itertools import pairwise
from zlib import crc32

from dispatcher.core.features import TextFeatures

BUCKET_BITS = 13
"""How many buckets words fall into, as a power of two."""

_HEAD_WORDS, _TAIL_WORDS = 16, 10  # instructions stand at the ends; what is pasted between them says little
_HEAD_CHARS, _TAIL_CHARS = 200, 120  # room for so many words; where it isn't, fewer are looked at
_STEM = 4  # longer words count by their beginning too, as "summar…" does
_WORD = re.compile(rb"[a-z0-9_\x80-\xff]+")
_BUCKET = (1 << BUCKET_BITS) - 1
_MARKS = ("{", "}", ";", "()", "=", "<", "http", "@", ":\n", "\n\n", '"', "->", "/", "$", "\\", "...", "- ")
_LENGTHS = (20, 45, 90, 180, 360, 720, 1300)  # characters

SHAPE_ROW = 1 << BUCKET_BITS
"""The first row that stands for shape, not words."""

_MARK_ROWS = tuple(enumerate(_MARKS, SHAPE_ROW))
_LENGTH_ROW = SHAPE_ROW + len(_MARKS)
_FACT_ROW = _LENGTH_ROW + len(_LENGTHS)

ROWS = _FACT_ROW + 6
"""How many different numbers `rows_of` may name."""


def rows_of(text: TextFeatures) -> list[int]:
    """List the rows of a weight table that a prompt switches on, each once: words first, then shape."""
    sample = text.sample.strip()
    first, last = sample.partition("\n")[0], sample.rpartition("\n")[2]
    is_one_line = len(first) == len(sample)
    head = _words(first[:_HEAD_CHARS])[:_HEAD_WORDS]
    tail = [] if is_one_line else _words(last[-_TAIL_CHARS:])[-_TAIL_WORDS:]
    told = head if is_one_line or len(first) <= len(last) else tail
    signs = _signs(head) + _signs(tail) + _ends(head, tail) + _told(told)
    return [*{code & _BUCKET for code in map(crc32, signs)}, *_shape(text)]


def _words(line: str) -> list[bytes]:
    return _WORD.findall(line.encode(errors="replace"))


def _signs(words: list[bytes]) -> list[bytes]:
    stems = [b"^" + word[:_STEM] for word in words if len(word) > _STEM]
    pairs = [first + b" " + second for first, second in pairwise(words)]
    return words + stems + pairs


def _told(words: list[bytes]) -> list[bytes]:
    """The shorter line is likelier the instruction than what it is about, so its words count once more."""
    return [b"!" + word for word in words] + [b"!" + word[:_STEM] for word in words if len(word) > _STEM]


def _ends(head: list[bytes], tail: list[bytes]) -> list[bytes]:
    last = tail or head
    if not last:
        return []
    ends = [b">" + last[-1], b">" + b" ".join(last[-2:])]
    return [*ends, b"<" + head[0], b"<^" + head[0][:_STEM], b"<" + b" ".join(head[:2])] if head else ends


def _shape(text: TextFeatures) -> list[int]:
    sample = text.sample
    facts = (
        text.question_marks > 0,
        text.question_marks > 1,
        sample.endswith("?"),
        text.lines > 1,
        text.lines > 8,
        text.turns > 2,
    )
    marks = [row for row, mark in _MARK_ROWS if mark in sample]
    return [
        *marks,
        *range(_LENGTH_ROW, _LENGTH_ROW + bisect_right(_LENGTHS, len(sample))),
        *(row for row, fact in enumerate(facts, _FACT_ROW) if fact),
    ]
