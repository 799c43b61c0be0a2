"""What a migration writes: the moved workflows, the difference, and the way back."""

import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from dispatcher.cli.faults import BadUsage
from dispatcher.cli.migrate_files import OURS, ROLLBACK, WorkflowFile
from dispatcher.migration.migrate import Migration
from dispatcher.migration.unified_diff import unified_diff


@dataclass(frozen=True, slots=True)
class Outcome:
    """A file and what becomes of it. `moved` and `rollback` are set once they are written."""

    file: WorkflowFile
    migration: Migration
    moved: Path | None = None
    rollback: Path | None = None


def write_outcome(outcome: Outcome) -> Outcome:
    """Write the three files beside each other; nothing when nothing changes. Raises: BadUsage."""
    file, migration = outcome.file, outcome.migration
    if not migration.edits:
        return outcome
    moved = file.folder / f"{file.stem}{OURS}.json"
    rollback = file.folder / f"{file.stem}{ROLLBACK}.json"
    diff = unified_diff(file.text, migration.edits, _one_line(f"a/{file.stem}.json"), _one_line(f"b/{file.stem}.json"))
    try:
        file.folder.mkdir(parents=True, exist_ok=True)
        _write(rollback, file.text, file.mode)
        _write(file.folder / f"{file.stem}{OURS}.diff", diff, file.mode)
        _write(moved, migration.text, file.mode)
    except OSError as error:
        raise BadUsage(f"{error.filename or file.folder} can't be written: {error.strerror}") from error
    return replace(outcome, moved=moved, rollback=rollback)


def _write(path: Path, text: str, mode: int) -> None:
    """Put a whole file in place, or none; a link that has its name is replaced, not followed."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".ai-dispatch-")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(text.encode())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _one_line(name: str) -> str:
    """A file's name as a diff can hold it, whatever it is made of."""
    return " ".join(name.encode(errors="backslashreplace").decode().split())
