"""Whenever a caller leaves, no transaction stays open and no half of its rows is ever committed."""

import asyncio
from contextlib import suppress
from pathlib import Path

import aiosqlite
import pytest

from dispatcher.errors import StoreError
from dispatcher.store.database import Database
from tests.unit.store.conftest import OpenDatabase
from tests.unit.store.notes import Work, all_notes, closed_gate, make_notes, note, writing_connection

# What SQLite runs for one write of two notes: BEGIN, SAVEPOINT, INSERT, INSERT, RELEASE, COMMIT.
_STATEMENTS = 6


def _failing(text: str) -> Work:
    async def work(connection: aiosqlite.Connection) -> None:
        await note(f"{text} first")(connection)
        raise KeyError("gives up half way")

    return work


async def _cancel_at_statement(connection: aiosqlite.Connection, task: asyncio.Task[None], cancel_at: int) -> list[str]:
    """Cancel the task while the connection runs that one of its statements; return the statements, as they come."""
    loop = asyncio.get_running_loop()
    seen: list[str] = []

    def cancel_at_its_turn(statement: str) -> None:  # in the connection's thread, as the statement starts
        if len(seen) == cancel_at:
            loop.call_soon_threadsafe(task.cancel)
        seen.append(statement)

    await connection.set_trace_callback(cancel_at_its_turn)
    return seen


async def _assert_nothing_is_open(db: Database, connection: aiosqlite.Connection, text: str) -> None:
    """The writer rests outside a transaction, and the next write commits its own row and nothing else."""
    await writing_connection(db)  # waits for what callers that left have sent
    before = await all_notes(db)
    await db.write(note(text))
    assert await all_notes(db) == [*before, text]
    await asyncio.sleep(0)
    assert not connection.in_transaction


@pytest.mark.parametrize("cancel_at", range(_STATEMENTS))
@pytest.mark.parametrize("fails", [False, True])
async def test_a_caller_may_leave_while_any_statement_runs(db: Database, cancel_at: int, fails: bool) -> None:
    await make_notes(db)
    connection = await writing_connection(db)
    work = _failing("left") if fails else note("left first", "left second")
    caller = asyncio.create_task(db.write(work))
    seen = await _cancel_at_statement(connection, caller, cancel_at)
    with suppress(asyncio.CancelledError, KeyError):
        await caller
    await writing_connection(db)  # waits for the group of the caller that left
    await connection.set_trace_callback(lambda _: None)
    assert seen[0] == "BEGIN IMMEDIATE"
    assert len(seen) > cancel_at
    assert await all_notes(db) == ([] if fails else ["left first", "left second"])
    await _assert_nothing_is_open(db, connection, "next")


async def test_a_caller_may_leave_after_any_number_of_loop_steps(db: Database) -> None:
    await make_notes(db)
    connection = await writing_connection(db)
    steps, completed = 0, False
    while not completed:
        caller = asyncio.create_task(db.write(note(f"{steps} first", f"{steps} second")))
        for _ in range(steps):
            await asyncio.sleep(0)
        completed = caller.done()
        caller.cancel()
        with suppress(asyncio.CancelledError):
            await caller
        await _assert_nothing_is_open(db, connection, f"{steps} next")
        steps = steps + 1 if steps < 20 else steps * 5 // 4
    written = await all_notes(db)
    assert all((text.replace("first", "second") in written) for text in written if text.endswith("first"))
    assert sum(text.endswith("first") for text in written) == sum(text.endswith("second") for text in written)


async def test_a_caller_who_leaves_while_waiting_in_the_queue_harms_nobody(db: Database) -> None:
    await make_notes(db)
    connection = await writing_connection(db)
    gate = await closed_gate(db)
    writes = [asyncio.create_task(db.write(note(f"{n}"))) for n in range(10)]
    await asyncio.sleep(0)
    for write in writes[::2]:
        write.cancel()
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(*writes, return_exceptions=True)
    assert set(await all_notes(db)) >= {f"{n}" for n in range(1, 10, 2)}
    await _assert_nothing_is_open(db, connection, "next")


@pytest.mark.parametrize("cancel_at", range(_STATEMENTS))
async def test_a_writer_that_is_cancelled_itself_leaves_nobody_waiting(
    open_database: OpenDatabase, path: Path, cancel_at: int
) -> None:
    db = await open_database(path)
    await make_notes(db)
    await db.write(note("acknowledged"))
    connection = await writing_connection(db)
    writer = next(task for task in asyncio.all_tasks() if task.get_name() == "store-writer")
    seen = await _cancel_at_statement(connection, writer, cancel_at)
    callers = [asyncio.create_task(db.write(note(f"{n} first", f"{n} second"))) for n in range(2)]
    ends = await asyncio.gather(*callers, return_exceptions=True)
    assert len(seen) > cancel_at
    assert [type(end) for end in ends] == [StoreError, StoreError]
    await asyncio.wait([writer])
    assert not connection.in_transaction
    await db.close()

    again = await open_database(path)
    assert set(await all_notes(again)) >= {"acknowledged"}
    assert len(await all_notes(again)) in (1, 5)  # nobody was told that it was written, but it may have been: whole
    await again.close()


async def test_those_in_the_queue_of_a_cancelled_writer_are_told(db: Database) -> None:
    await make_notes(db)
    writer = next(task for task in asyncio.all_tasks() if task.get_name() == "store-writer")
    await closed_gate(db)
    callers = [asyncio.create_task(db.write(note(f"{n}"))) for n in range(3)]
    await asyncio.sleep(0)
    writer.cancel()
    ends = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(end) for end in ends] == [StoreError] * 3


async def test_a_reader_who_leaves_gives_its_connection_back(open_database: OpenDatabase, path: Path) -> None:
    db = await open_database(path, readers=1)
    long = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    started = asyncio.Event()

    async def counts_for_ever(connection: aiosqlite.Connection) -> None:
        started.set()
        await connection.execute_fetchall(long)

    reader = asyncio.create_task(db.read(counts_for_ever))
    await started.wait()
    # Only a query that runs can be interrupted: wait until its thread has it.
    async with asyncio.timeout(5):
        while not reader.done():
            reader.cancel()
            await asyncio.sleep(0)
    await make_notes(db)
    async with asyncio.timeout(5):
        assert await all_notes(db) == []
    await db.close()
