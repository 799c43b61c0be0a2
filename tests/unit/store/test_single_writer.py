"""The writer: groups, order, failures apart from each other, limits."""

import asyncio
from pathlib import Path

import aiosqlite
import pytest
import structlog

from dispatcher.errors import ModelNotFound, Overloaded, StoreError
from dispatcher.store.database import Database
from tests.unit.store.conftest import OpenDatabase
from tests.unit.store.notes import all_notes, closed_gate, make_notes, note, writing_connection


async def test_what_write_returned_from_is_there_for_readers(db: Database) -> None:
    await make_notes(db)
    await db.write(note("a"))
    assert await all_notes(db) == ["a"]


async def test_write_returns_what_the_work_returned(db: Database) -> None:
    async def work(connection: aiosqlite.Connection) -> int:
        cursor = await connection.execute("SELECT 6 * 7")
        row = await cursor.fetchone()
        return int(row[0]) if row else 0

    assert await db.write(work) == 42


async def test_a_hundred_waiting_writes_share_one_commit(db: Database) -> None:
    await make_notes(db)
    statements: list[str] = []
    connection = await writing_connection(db)
    gate = await closed_gate(db)
    writes = [asyncio.create_task(db.write(note(f"{n}"))) for n in range(100)]
    await asyncio.sleep(0)
    await connection.set_trace_callback(statements.append)
    gate.open()
    await asyncio.gather(*writes)
    await connection.set_trace_callback(lambda _: None)
    assert statements.count("COMMIT") == 2  # the gate's own group, and the hundred
    assert len(await all_notes(db)) == 100


async def test_works_are_done_in_the_order_they_were_sent(db: Database) -> None:
    await make_notes(db)
    gate = await closed_gate(db)
    sent = [f"{n}" for n in range(600)]  # more than one group holds
    for text in sent[:-1]:
        db.post(note(text))
    last = asyncio.create_task(db.write(note(sent[-1])))
    await asyncio.sleep(0)
    gate.open()
    await last
    assert await all_notes(db) == sent


async def test_a_failing_work_loses_its_own_rows_and_no_others(db: Database) -> None:
    await make_notes(db)

    async def failing(connection: aiosqlite.Connection) -> None:
        await note("half")(connection)
        raise ModelNotFound("There is no such model.")

    gate = await closed_gate(db)
    works = [note("before"), failing, note("twice", "twice"), note("after")]
    writes = [asyncio.create_task(db.write(work)) for work in works]
    await asyncio.sleep(0)
    gate.open()
    ends = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(end) for end in ends] == [type(None), ModelNotFound, StoreError, type(None)]
    assert await all_notes(db) == ["before", "after"]


async def test_a_work_that_is_cancelled_inside_harms_only_its_caller(db: Database) -> None:
    await make_notes(db)

    async def gives_up(connection: aiosqlite.Connection) -> None:
        await note("half")(connection)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await db.write(gives_up)
    await db.write(note("next"))
    assert await all_notes(db) == ["next"]


async def test_a_work_that_commits_by_itself_fails_and_the_writer_goes_on(db: Database) -> None:
    await make_notes(db)

    async def commits(connection: aiosqlite.Connection) -> None:
        await connection.execute("COMMIT")
        raise ValueError("secret text")

    with pytest.raises(StoreError) as raised:
        await db.write(commits)
    assert "secret" not in raised.value.message
    await db.write(note("next"))
    assert await all_notes(db) == ["next"]


async def test_a_failing_post_is_counted_and_logged_without_its_words(db: Database) -> None:
    async def failing(connection: aiosqlite.Connection) -> None:
        raise ValueError("secret text")

    with structlog.testing.capture_logs() as logs:
        db.post(failing)
        await writing_connection(db)
    assert db.failed_posts == 1
    assert logs == [{"event": "store_posts_failed", "posts": 1, "reason": "ValueError", "log_level": "error"}]


async def test_posts_beyond_the_limit_are_dropped_counted_and_logged_once_a_burst(
    open_database: OpenDatabase, path: Path
) -> None:
    db = await open_database(path, posts_max=10)
    await make_notes(db)
    for burst in range(2):
        gate = await closed_gate(db)
        with structlog.testing.capture_logs() as logs:
            for n in range(25):
                db.post(note(f"{burst}.{n}"))
        assert [line["event"] for line in logs] == ["store_posts_dropped"]
        gate.open()
        await writing_connection(db)
    assert db.dropped_posts == 30
    assert await all_notes(db) == [f"{burst}.{n}" for burst in range(2) for n in range(10)]
    await db.close()


async def test_writes_beyond_the_limit_are_refused(open_database: OpenDatabase, path: Path) -> None:
    db = await open_database(path, writes_max=3)
    await make_notes(db)
    gate = await closed_gate(db)
    writes = [asyncio.create_task(db.write(note(f"{n}"))) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await db.write(note("too many"))
    gate.open()
    await asyncio.gather(*writes)
    await db.write(note("again"))
    assert await all_notes(db) == ["0", "1", "2", "again"]
    await db.close()


async def test_close_writes_what_was_posted_and_refuses_what_comes_after(
    open_database: OpenDatabase, path: Path
) -> None:
    db = await open_database(path)
    await make_notes(db)
    for n in range(700):
        db.post(note(f"{n}"))
    await asyncio.gather(db.close(), db.close())
    db.post(note("late"))
    with pytest.raises(StoreError, match="closed"):
        await db.write(note("late"))
    with pytest.raises(StoreError, match="closed"):
        await all_notes(db)
    assert db.dropped_posts == 1

    again = await open_database(path)
    assert len(await all_notes(again)) == 700
    await again.close()


async def test_a_caller_who_leaves_close_does_not_stop_it(open_database: OpenDatabase, path: Path) -> None:
    db = await open_database(path)
    await make_notes(db)
    db.post(note("a"))
    leaving = asyncio.create_task(db.close())
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await db.close()
    again = await open_database(path)
    assert await all_notes(again) == ["a"]
    await again.close()
