"""What a person is told when the database can't be opened, and how it is set up when it can."""

import asyncio
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import aiosqlite
import pytest

from dispatcher.errors import StoreError
from dispatcher.store.connection import SQLITE_MIN
from dispatcher.store.database import Database
from tests.unit.store.conftest import OpenDatabase
from tests.unit.store.notes import make_notes, note, writing_connection

_NOBODY = 65534


async def _pragma(connection: aiosqlite.Connection, name: str) -> object:
    rows = list(await connection.execute_fetchall(f"PRAGMA {name}"))
    return rows[0][0]


@contextmanager
def _without_roots_rights() -> Iterator[None]:
    """Root may write anywhere: be nobody for a while, if this is root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


async def _refusal(path: Path) -> str:
    with pytest.raises(StoreError) as raised:
        await Database.open(path)
    assert str(path.parent) in raised.value.message
    return raised.value.message


async def test_the_writer_is_durable_and_the_readers_cannot_write(db: Database) -> None:
    writer = await writing_connection(db)
    assert await _pragma(writer, "journal_mode") == "wal"
    assert await _pragma(writer, "synchronous") == 2  # FULL
    assert await _pragma(writer, "foreign_keys") == 1
    assert await _pragma(writer, "mmap_size") == 0
    assert await _pragma(writer, "query_only") == 0

    async def is_read_only(connection: aiosqlite.Connection) -> object:
        return await _pragma(connection, "query_only")

    assert await db.read(is_read_only) == 1


async def test_the_file_and_its_logs_are_for_the_owner_only(db: Database, path: Path) -> None:
    await make_notes(db)
    files = await asyncio.to_thread(lambda: list(path.parent.iterdir()))
    modes = {file.name: stat.S_IMODE((await asyncio.to_thread(file.stat)).st_mode) for file in files}
    assert modes == {path.name: 0o600, f"{path.name}-wal": 0o600, f"{path.name}-shm": 0o600}


async def test_a_closed_database_is_one_file(open_database: OpenDatabase, path: Path) -> None:
    db = await open_database(path)
    await make_notes(db)
    await db.close()
    assert await asyncio.to_thread(lambda: list(path.parent.iterdir())) == [path]


def test_sqlite_has_strict_tables_and_returning() -> None:
    assert sqlite3.sqlite_version_info >= SQLITE_MIN
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE numbers (n INTEGER) STRICT")
        assert database.execute("INSERT INTO numbers VALUES (1) RETURNING n").fetchall() == [(1,)]
        with pytest.raises(sqlite3.IntegrityError):
            database.execute("INSERT INTO numbers VALUES ('one')")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "doesn't exist: create it" in asyncio.run(_refusal(tmp_path / "missing" / "dispatch.db"))


def test_a_folder_in_the_files_place_is_named(path: Path) -> None:
    path.mkdir()
    assert "is a folder" in asyncio.run(_refusal(path))


def test_a_read_only_folder_is_named_and_left_as_it_was() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        with _without_roots_rights():
            message = asyncio.run(_refusal(folder / "dispatch.db"))
        assert "write access" in message
        assert list(folder.iterdir()) == []
        folder.chmod(0o700)


def test_a_database_in_a_folder_that_became_read_only_is_named() -> None:
    async def make(path: Path) -> None:
        await (await Database.open(path)).close()

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "dispatch.db"
        asyncio.run(make(path))
        path.chmod(0o666)
        path.parent.chmod(0o555)
        with _without_roots_rights():
            assert "write access" in asyncio.run(_refusal(path))
        path.parent.chmod(0o700)


def test_a_read_only_file_is_named() -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "dispatch.db"
        path.touch(0o444)
        path.parent.chmod(0o755)
        with _without_roots_rights():
            assert "write access" in asyncio.run(_refusal(path))


@pytest.mark.parametrize(
    "content", [b"no database\n" * 100, b"\0" * 4096, os.urandom(8192)], ids=["text", "zeros", "noise"]
)
def test_a_file_that_is_no_database_is_named_and_left_as_it_was(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "isn't a database" in asyncio.run(_refusal(path))
    assert path.read_bytes() == content


def test_a_truncated_database_is_named_and_left_as_it_was(path: Path) -> None:
    async def make() -> None:
        db = await Database.open(path)
        await make_notes(db)
        await db.write(note(*(f"{n}" * 100 for n in range(500))))
        await db.close()

    asyncio.run(make())
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half)
    assert "is damaged" in asyncio.run(_refusal(path))
    assert path.read_bytes() == half


def test_a_database_locked_by_another_process_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatcher.store.connection._BUSY_TIMEOUT_S", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "locked by another process" in asyncio.run(_refusal(path))
