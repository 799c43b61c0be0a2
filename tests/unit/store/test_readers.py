"""Readers can't write, don't wait for ever, and don't wait for the writer."""

import asyncio
from pathlib import Path

import aiosqlite
import pytest

from dispatcher.errors import Overloaded, StoreError
from dispatcher.store.database import Database
from tests.unit.store.conftest import OpenDatabase
from tests.unit.store.notes import all_notes, closed_gate, make_notes, note

_FOR_EVER = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


async def test_readers_cannot_write(db: Database) -> None:
    await make_notes(db)
    with pytest.raises(StoreError, match="readonly"):
        await db.read(note("a"))
    assert await all_notes(db) == []


async def test_readers_see_the_last_commit_while_a_group_is_being_written(db: Database) -> None:
    await make_notes(db)
    await db.write(note("a"))
    gate = await closed_gate(db)
    db.post(note("b"))
    assert await all_notes(db) == ["a"]
    gate.open()


async def test_a_read_that_takes_too_long_ends_and_frees_its_connection(
    open_database: OpenDatabase, path: Path
) -> None:
    db = await open_database(path, readers=1, read_timeout_s=0.2)

    async def counts_for_ever(connection: aiosqlite.Connection) -> None:
        await connection.execute_fetchall(_FOR_EVER)

    for _ in range(3):
        with pytest.raises(StoreError, match=r"more than 0\.2 s"):
            await db.read(counts_for_ever)
    await make_notes(db)
    assert await all_notes(db) == []
    await db.close()


async def test_reads_beyond_the_limit_are_refused(open_database: OpenDatabase, path: Path) -> None:
    db = await open_database(path, readers=1, reads_max=2)
    await make_notes(db)
    may_go = asyncio.Event()

    async def waits(connection: aiosqlite.Connection) -> None:
        await may_go.wait()

    reads = [asyncio.create_task(db.read(waits)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await all_notes(db)
    may_go.set()
    await asyncio.gather(*reads)
    assert await all_notes(db) == []
    await db.close()


async def test_close_lets_a_read_under_way_finish(open_database: OpenDatabase, path: Path) -> None:
    db = await open_database(path)
    is_reading, may_go = asyncio.Event(), asyncio.Event()

    async def waits(connection: aiosqlite.Connection) -> str:
        is_reading.set()
        await may_go.wait()
        return "read"

    reading = asyncio.create_task(db.read(waits))
    await is_reading.wait()
    closing = asyncio.create_task(db.close())
    await asyncio.sleep(0)
    may_go.set()
    assert await reading == "read"
    await closing
