"""A file on its way: written under a temporary name, measured and hashed as it grows, and only then given its own.

All of it blocks: call it through `asyncio.to_thread`.
"""

import errno
import hashlib
import os
from io import FileIO
from pathlib import Path

from dispatcher.weights.verification import mark_verified
from dispatcher.weights.weightfile import SourceFailed, WeightFile, WrongContent

_BLOCK_BYTES = 1024 * 1024


class NoRoom(Exception):
    """The file can't be written here, whatever the source. The message says why."""


class PartialFile:
    """`<name>.part` beside the file it becomes. What an earlier try left in it is kept, so that a source can go on."""

    def __init__(self, folder: Path, file: WeightFile) -> None:
        """Open the part, and read what is in it for its hash."""
        self._file = file
        self._final = folder / file.name
        self._path = folder / f"{file.name}.part"
        self._hash = hashlib.sha256()
        self.size_bytes = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._out = FileIO(self._path, "r+" if self._path.exists() else "w+")
        except OSError as error:
            raise NoRoom(f"{self._path} can't be written: {error.strerror}") from error
        self._read_what_is_there()

    def _read_what_is_there(self) -> None:
        while block := self._out.read(_BLOCK_BYTES):
            self._hash.update(block)
            self.size_bytes += len(block)
        if self.size_bytes >= self._file.size_bytes and self._hash.hexdigest() != self._file.sha256:
            self.restart()

    def restart(self) -> None:
        """Forget what is there."""
        self._out.seek(0)
        self._out.truncate()
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    def append(self, block: bytes) -> None:
        """Write on; a source that sends more than the catalogue says is wrong."""
        if self.size_bytes + len(block) > self._file.size_bytes:
            self.restart()
            raise WrongContent(f"sent more than the {self._file.size_bytes} bytes of {self._file.name}")
        try:
            self._write_all(block)
        except OSError as error:
            self.restart()
            why = "no space is left on the disk" if error.errno in _FULL else str(error.strerror)
            raise NoRoom(f"{self._path.parent} can't take {self._file.name}: {why}") from error
        self._hash.update(block)
        self.size_bytes += len(block)

    def _write_all(self, block: bytes) -> None:
        rest = memoryview(block)
        while rest:
            rest = rest[self._out.write(rest) :]

    def finish(self) -> Path:
        """Check size and SHA-256, then give the file its name at once; what is wrong is thrown away."""
        if self.size_bytes < self._file.size_bytes:
            raise SourceFailed(f"ended after {self.size_bytes} of {self._file.size_bytes} bytes")
        found = self._hash.hexdigest()
        if found != self._file.sha256:
            self.restart()
            raise WrongContent(f"sent another file: its SHA-256 is {found}")
        os.fsync(self._out.fileno())
        self._path.replace(self._final)
        _sync_folder(self._final.parent)
        mark_verified(self._final, self._file)
        return self._final

    def close(self) -> None:
        """Let go of it; what is there stays for the next try."""
        self._out.close()
        if not self.size_bytes:
            self._path.unlink(missing_ok=True)


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
