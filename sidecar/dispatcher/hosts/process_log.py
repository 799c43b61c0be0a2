"""A replica's log file, kept short."""

from pathlib import Path
from typing import IO

_BYTES_MAX = 1_048_576
_KEPT_BYTES = 65_536
_LINE_MAX = 300


class ProcessLog:
    """What one model's inference servers print. They append to it, so that it may be cut while they run."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self) -> IO[bytes]:
        """The file to hand to a new process."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        return self._path.open("ab")

    def shorten(self) -> None:
        """Keep only the end of a log that has grown too long."""
        if self._path.exists() and self._path.stat().st_size > _BYTES_MAX:
            tail = self._tail(_KEPT_BYTES)
            with self._path.open("r+b") as file:
                file.truncate(0)
            with self._path.open("ab") as file:
                file.write(tail)

    def last_line(self) -> str:
        """The last thing said, or nothing."""
        lines = self._tail(4 * _LINE_MAX).decode(errors="replace").strip().splitlines()
        return lines[-1][:_LINE_MAX] if lines else ""

    def _tail(self, count: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(max(0, self._path.stat().st_size - count))
            return file.read()
