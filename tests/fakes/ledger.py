"""What the fake inference servers worked on, and when: a file that only grows, and that outlives them all."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def noted(path: str | None, prompt: str) -> Iterator[None]:
    """Note that work on a prompt begins, and that it ends."""
    _note(path, "begin", prompt)
    try:
        yield
    finally:
        _note(path, "end", prompt)


def runs_of(path: Path) -> dict[str, int]:
    """How often each prompt was begun."""
    counts: dict[str, int] = {}
    for event, prompt in _read(path):
        counts[prompt] = counts.get(prompt, 0) + (event == "begin")
    return counts


def overlaps_of(path: Path) -> list[str]:
    """The prompts that were begun again before they had ended, by whichever server."""
    busy: set[str] = set()
    overlaps = []
    for event, prompt in _read(path):
        if event == "end":
            busy.discard(prompt)
            continue
        if prompt in busy:
            overlaps.append(prompt)
        busy.add(prompt)
    return overlaps


def unended_in(path: Path) -> set[str]:
    """The prompts that are worked on still."""
    busy: set[str] = set()
    for event, prompt in _read(path):
        (busy.add if event == "begin" else busy.discard)(prompt)
    return busy


def _note(path: str | None, event: str, prompt: str) -> None:
    if path is None:
        return
    line = json.dumps([event, prompt]).encode() + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, line)  # one write to a file opened so is whole, whoever else writes
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text().splitlines() if path.exists() else []
    return [(event, prompt) for event, prompt in map(json.loads, lines)]
