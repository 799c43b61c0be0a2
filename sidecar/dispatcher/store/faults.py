"""What SQLite's errors mean to the person who runs the sidecar."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dispatcher.errors import StoreError

# By the start of SQLite's own error name, see https://sqlite.org/rescode.html
_MEANINGS = {
    "SQLITE_NOTADB": "isn't a database: move the file away to start with an empty one, or put a backup in its place",
    "SQLITE_CORRUPT": "is damaged: move the file away to start with an empty one, or put a backup in its place",
    "SQLITE_FULL": "can't grow: free some disk space",
    "SQLITE_IOERR": "can't be read or written: check the disk and its free space",
    "SQLITE_READONLY": "can't be written: give this user write access to the file and its folder",
    "SQLITE_CANTOPEN": "can't be opened: give this user write access to the file and its folder",
    "SQLITE_BUSY": "is locked by another process: stop the other sidecar, or give this one a data folder of its own",
}


@contextmanager
def faults_of(path: Path) -> Iterator[None]:
    """Turn SQLite's errors in the block into StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        raise store_error(path, error) from error


def store_error(path: Path, error: sqlite3.Error) -> StoreError:
    """The error in words that name the file and the fix, with SQLite's own words behind."""
    name = getattr(error, "sqlite_errorname", None) or ""  # errors of Python's own wrapper have none
    meaning = next((text for start, text in _MEANINGS.items() if name.startswith(start)), "refused a statement")
    return StoreError(f"The database {path} {meaning} (SQLite says: {error}).")
