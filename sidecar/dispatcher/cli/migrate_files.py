"""The files that workflows are read from: one that was named, or those in a folder, links out of it left alone."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dispatcher.cli.faults import BadUsage
from dispatcher.migration.json_parts import CHARS_MAX

OURS = ".ai-dispatch"
ROLLBACK = f"{OURS}.rollback"
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """A file as it was read.

    Args:
        label: what to call it when speaking to a person.
        stem: its name without `.json`.
        folder: where what becomes of it is written.
        mode: who may read it; what is written gets the same.
        is_named: it must hold a workflow; others in a folder need not.
    """

    label: str
    stem: str
    folder: Path
    text: str
    mode: int = _PRIVATE
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What was read, and what couldn't be."""

    files: tuple[WorkflowFile, ...]
    faults: tuple[str, ...] = ()


class _Unusable(Exception):
    """A file can't be read as text."""


def find_workflows(source: Path, out: Path | None) -> Found:
    """Read a file, or every .json file of a folder and its subfolders. Raises: BadUsage when there is none."""
    if not source.is_dir():
        try:
            return Found((_read(source, source.name, out or source.parent, is_named=True),))
        except _Unusable as error:
            raise BadUsage(str(error)) from error
    files: list[WorkflowFile] = []
    faults: list[str] = []
    for path in _paths(source):
        below = path.relative_to(source)
        try:
            files.append(_read(path, str(below), (out or source) / below.parent, is_named=False))
        except _Unusable as error:
            faults.append(str(error))
    if not files and not faults:
        raise BadUsage(f"{source}: there is no .json file in it")
    return Found(tuple(files), tuple(faults))


def _paths(folder: Path) -> Iterator[Path]:
    """Every file to look at. What an earlier run wrote is looked at only where the original isn't there any more."""
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
        for name in sorted(names):
            stem = name.removesuffix(".json")
            is_old = stem.endswith(ROLLBACK) or (stem.endswith(OURS) and f"{stem.removesuffix(OURS)}.json" in names)
            path = Path(at, name)
            if name.endswith(".json") and not is_old and not path.is_symlink():
                yield path


def _read(path: Path, label: str, folder: Path, *, is_named: bool) -> WorkflowFile:
    flags = os.O_RDONLY | os.O_NONBLOCK | (0 if is_named else os.O_NOFOLLOW)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _Unusable(f"{path} isn't a file")
            content = file.read(CHARS_MAX + 1)
    except OSError as error:
        raise _Unusable(f"{path} can't be read: {error.strerror}") from error
    if len(content) > CHARS_MAX:
        raise _Unusable(f"{path} is longer than {CHARS_MAX // 2**20} MiB; export its workflows into separate files")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise _Unusable(f"{path} isn't UTF-8 text: byte {error.start} can't be read") from error
    mode = stat.S_IMODE(status.st_mode) & 0o666 | _PRIVATE
    return WorkflowFile(label, path.name.removesuffix(".json"), folder, text, mode, is_named)
