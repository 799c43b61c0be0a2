"""Whether a file on disk is the one the catalogue names, without reading gigabytes at every start.

After a check, `<name>.sha256` keeps the hash with the size and time of the file it was taken of. All of it blocks:
call it through `asyncio.to_thread`.
"""

import hashlib
from pathlib import Path

from dispatcher.core.model import WeightsState
from dispatcher.weights.weightfile import WeightFile


def state_on_disk(path: Path, file: WeightFile) -> WeightsState:
    """PRESENT, MISSING or CORRUPT; hashes the file only when it isn't the one that was hashed before."""
    try:
        size_bytes = path.stat().st_size
    except OSError:
        return WeightsState.MISSING
    if size_bytes != file.size_bytes:
        return WeightsState.CORRUPT
    if _marker(path).is_file() and _marker_text(path, file) == _read(_marker(path)):
        return WeightsState.PRESENT
    try:
        with path.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return WeightsState.CORRUPT
    if found != file.sha256:
        return WeightsState.CORRUPT
    mark_verified(path, file)
    return WeightsState.PRESENT


def mark_verified(path: Path, file: WeightFile) -> None:
    """Remember that `path`, as it is now, has the catalogue's SHA-256."""
    try:
        _marker(path).write_text(_marker_text(path, file), encoding="utf-8")
    except OSError:
        return  # a folder that can't be written only costs a hash at the next start


def _marker(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _marker_text(path: Path, file: WeightFile) -> str:
    found = path.stat()
    return f"{file.sha256}  {path.name}\n# {found.st_size} bytes, changed at {found.st_mtime_ns} ns\n"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
