"""Schemas are brought up to date step by step, and a broken-off update goes on where it stopped."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import aiosqlite
import pytest

from dispatcher.errors import StoreError
from dispatcher.store.database import Database
from dispatcher.store.migrate import migrate
from dispatcher.store.migrations import Migration, migrations

_FIRST = Migration(1, "CREATE TABLE first (n INTEGER) STRICT;\nINSERT INTO first VALUES (1);")
_SECOND = Migration(2, "CREATE TABLE second (n INTEGER) STRICT;\nINSERT INTO second SELECT n + 1 FROM first;")
_BROKEN = Migration(2, "CREATE TABLE second (n INTEGER) STRICT;\nINSERT INTO nowhere VALUES (1);")


async def _migrate(path: Path, *steps: Migration) -> None:
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        try:
            await migrate(connection, path, steps)
        finally:
            assert not connection.in_transaction


def _state(path: Path) -> tuple[int, list[str]]:
    with closing(sqlite3.connect(path)) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        return version, [name for (name,) in database.execute("SELECT name FROM sqlite_schema ORDER BY rowid")]


def test_the_steps_are_numbered_without_a_gap() -> None:
    versions = [step.version for step in migrations()]
    assert versions == list(range(1, len(versions) + 1))


async def test_a_new_database_gets_every_step(path: Path) -> None:
    await _migrate(path, _FIRST, _SECOND)
    await _assert_state(path, 2, ["first", "second"])


async def test_steps_already_taken_are_not_taken_again(path: Path) -> None:
    await _migrate(path, _FIRST, _SECOND)
    await _migrate(path, _FIRST, _SECOND)
    await _assert_state(path, 2, ["first", "second"])


async def test_a_step_that_fails_leaves_the_schema_before_it_and_can_be_taken_later(path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        await _migrate(path, _FIRST, _BROKEN)
    await _assert_state(path, 1, ["first"])
    await _migrate(path, _FIRST, _SECOND)
    await _assert_state(path, 2, ["first", "second"])


async def test_a_database_from_a_newer_version_is_refused_untouched(path: Path) -> None:
    await _migrate(path, _FIRST, _SECOND)
    with pytest.raises(
        StoreError, match="has schema 2, but this version of AI Dispatch knows schemas up to 1"
    ) as raised:
        await _migrate(path, _FIRST)
    assert str(path) in raised.value.message
    await _assert_state(path, 2, ["first", "second"])


async def test_opening_a_database_from_a_newer_version_changes_nothing(path: Path) -> None:
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        await connection.execute("PRAGMA user_version = 1000")
    before = await _bytes(path)
    with pytest.raises(StoreError, match="has schema 1000"):
        await Database.open(path)
    assert await _bytes(path) == before


async def _assert_state(path: Path, version: int, tables: list[str]) -> None:
    assert await asyncio.to_thread(_state, path) == (version, tables)


async def _bytes(path: Path) -> bytes:
    return await asyncio.to_thread(path.read_bytes)
