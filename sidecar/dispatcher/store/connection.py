"""How a connection to the file is made and set up."""

import asyncio
import os
import sqlite3
from pathlib import Path

import aiosqlite

from dispatcher.errors import StoreError

SQLITE_MIN = (3, 37, 0)
"""STRICT tables came with 3.37, RETURNING with 3.35."""

_BUSY_TIMEOUT_S = 5.0
_BOTH = (
    "PRAGMA temp_store = MEMORY",
    "PRAGMA mmap_size = 0",  # a mapped file turns a disk error into a crash of the process
)
_WRITER = (
    "PRAGMA synchronous = FULL",  # NORMAL loses acknowledged rows when the power goes
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # what is deleted is overwritten: jobs hold prompts and answers for a while
    "PRAGMA journal_size_limit = 67108864",  # the log shrinks back to 64 MiB after a burst
)


async def connect(path: Path) -> aiosqlite.Connection:
    """Make a connection, not yet started: enter it to start, leave it to close. Creates the file when it isn't there.

    Raises: StoreError when the file can't be opened for writing, or Python's SQLite is too old.
    """
    if sqlite3.sqlite_version_info < SQLITE_MIN:
        wanted = ".".join(map(str, SQLITE_MIN))
        raise StoreError(f"This Python comes with SQLite {sqlite3.sqlite_version}; install one with {wanted} or newer.")
    await asyncio.to_thread(_ensure_file, path)
    return aiosqlite.connect(path, isolation_level=None, timeout=_BUSY_TIMEOUT_S)


async def prepare_writer(connection: aiosqlite.Connection, path: Path) -> None:
    """Set the connection up to be the only one that writes."""
    connection.row_factory = sqlite3.Row
    cursor = await connection.execute("PRAGMA journal_mode = WAL")
    mode = await cursor.fetchone()
    if mode is None or mode[0] != "wal":
        raise StoreError(f"{path} can't use SQLite's write-ahead log: put the data folder on a local disk.")
    for pragma in _BOTH + _WRITER:
        await connection.execute(pragma)


async def prepare_reader(connection: aiosqlite.Connection) -> None:
    """Set the connection up so that it can't write."""
    connection.row_factory = sqlite3.Row
    for pragma in (*_BOTH, "PRAGMA query_only = ON"):
        await connection.execute(pragma)


def _ensure_file(path: Path) -> None:
    # SQLite gives its log files the mode of the database file.
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except FileNotFoundError as error:
        raise StoreError(f"The folder {path.parent} doesn't exist: create it, or name another data folder.") from error
    except IsADirectoryError as error:
        raise StoreError(f"{path} is a folder, not a database file: move it away, or name another path.") from error
    except OSError as error:
        raise StoreError(
            f"{path} can't be opened for writing ({error.strerror}): "
            f"give this user write access to {path.parent}, or name another data folder."
        ) from error
