"""The difference between a file and what becomes of it, as `patch` reads it.

It is made from the edits, so its cost doesn't grow with what stays the same.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from dispatcher.migration.splice import Edit, applied

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_END = "\n"
_NO_END = "\n\\ No newline at end of file\n"
_AROUND = 3
_REFINED_MAX = 2000


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines `start` to `end` of the old file, counted from 0, become `new`."""

    start: int
    end: int
    new: tuple[str, ...]


def unified_diff(before: str, edits: Sequence[Edit], old_name: str, new_name: str) -> str:
    """The diff; empty when there is no edit."""
    lines = _lines(before)
    blocks = [small for block in _blocks(before, lines, edits) for small in _refined(lines, block)]
    if not blocks:
        return ""
    hunks = []
    grown = 0
    for group in _groups(blocks):
        hunks.append(_hunk(lines, group, grown))
        grown += sum(len(block.new) - (block.end - block.start) for block in group)
    return f"--- {old_name}\n+++ {new_name}\n" + "".join(hunks)


def _lines(text: str) -> list[str]:
    return _LINE.findall(text)  # no other character ends a line, whatever Unicode says


def _blocks(text: str, lines: Sequence[str], edits: Sequence[Edit]) -> list[_Block]:
    """The lines that edits touch, edits of the same lines together."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    merged: list[tuple[int, int, list[Edit]]] = []
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        first = bisect_right(starts, edit.start, hi=len(lines)) - 1
        end = bisect_right(starts, edit.end, hi=len(lines))  # with the line that an edit may join to this one
        if merged and first < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]), [*merged[-1][2], edit])
        else:
            merged.append((first, end, [edit]))
    blocks = []
    for first, end, group in merged:
        offset = starts[first]
        moved = [Edit(edit.start - offset, edit.end - offset, edit.text) for edit in group]
        blocks.append(_Block(first, end, tuple(_lines(applied(text[offset : starts[end]], moved)))))
    return blocks


def _refined(lines: Sequence[str], block: _Block) -> list[_Block]:
    """The block without those of its lines that stay as they are."""
    old = lines[block.start : block.end]
    if max(len(old), len(block.new)) > _REFINED_MAX:
        return [block]
    matcher = SequenceMatcher(None, old, block.new, autojunk=False)
    return [
        _Block(block.start + i1, block.start + i2, block.new[j1:j2])
        for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        if tag != "equal"
    ]


def _groups(blocks: Sequence[_Block]) -> list[list[_Block]]:
    groups = [[blocks[0]]]
    for block in blocks[1:]:
        if block.start - groups[-1][-1].end <= 2 * _AROUND:
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _hunk(lines: Sequence[str], group: Sequence[_Block], grown: int) -> str:
    """One hunk; `grown` says by how many lines the ones before have moved it down."""
    start = max(0, group[0].start - _AROUND)
    end = min(len(lines), group[-1].end + _AROUND)
    body: list[str] = []
    place = start
    for block in group:
        body += _marked(" ", lines[place : block.start])
        body += _marked("-", lines[block.start : block.end])
        body += _marked("+", block.new)
        place = block.end
    body += _marked(" ", lines[place:end])
    added = sum(len(block.new) - (block.end - block.start) for block in group)
    old, new = _range(start, end - start), _range(start + grown, end - start + added)
    return f"@@ -{old} +{new} @@\n" + "".join(body)


def _range(start: int, count: int) -> str:
    return f"{start + (count > 0)},{count}"


def _marked(mark: str, lines: Sequence[str]) -> list[str]:
    return [f"{mark}{line}{'' if line.endswith(_END) else _NO_END}" for line in lines]
