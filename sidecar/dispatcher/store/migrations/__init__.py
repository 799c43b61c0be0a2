"""The schema's history: one numbered SQL file per step. A file that has been released is never changed."""

from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class Migration:
    """One step; `version` is the `user_version` a database has after it."""

    version: int
    sql: str


def migrations() -> tuple[Migration, ...]:
    """All steps, oldest first. Reads files."""
    files = [file for file in resources.files(__name__).iterdir() if file.name.endswith(".sql")]
    steps = (Migration(int(file.name.split("_")[0]), file.read_text(encoding="utf-8")) for file in files)
    return tuple(sorted(steps, key=lambda step: step.version))
