"""A disk that fails loses the writes under way, says so to their callers, and nothing else."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiosqlite
import pytest

from dispatcher.errors import StoreError
from dispatcher.store.database import Database
from tests.unit.store.notes import all_notes, closed_gate, make_notes, note, writing_connection

_BIG = "x" * 100_000


@contextmanager
def _files_cannot_grow_beyond(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_commit_that_cannot_reach_the_disk_is_rolled_back_whole(db: Database, path: Path) -> None:
    await make_notes(db)
    connection = await writing_connection(db)
    size = (await asyncio.to_thread(Path(f"{path}-wal").stat)).st_size
    gate = await closed_gate(db)
    db.post(note("post" + _BIG))
    writes = [asyncio.create_task(db.write(note(f"{n}{_BIG}"))) for n in range(3)]
    await asyncio.sleep(0)
    with _files_cannot_grow_beyond(size):
        gate.open()
        ends = await asyncio.gather(*writes, return_exceptions=True)
    assert all(isinstance(end, StoreError) and str(path) in end.message for end in ends)
    assert len({id(end) for end in ends}) == 3
    assert db.failed_posts == 1
    assert not connection.in_transaction
    await db.write(note("next"))
    assert await all_notes(db) == ["next"]


async def test_a_full_disk_fails_its_group_and_the_writer_goes_on(db: Database) -> None:
    await make_notes(db)

    async def limit(connection: aiosqlite.Connection) -> None:
        await connection.execute("PRAGMA max_page_count = 1")  # SQLite takes the present size as the limit

    async def unlimit(connection: aiosqlite.Connection) -> None:
        await connection.execute("PRAGMA max_page_count = 1000000")

    await db.write(limit)
    with pytest.raises(StoreError, match="free some disk space"):
        await db.write(note(_BIG))
    await db.write(note("small"))
    await db.write(unlimit)
    await db.write(note("next"))
    assert await all_notes(db) == ["small", "next"]


async def test_a_commit_that_fails_but_stays_open_is_rolled_back(db: Database) -> None:
    async def breaks_the_commit(connection: aiosqlite.Connection) -> None:
        await connection.execute("PRAGMA defer_foreign_keys = ON")  # looked at by COMMIT, which then ends nothing
        await connection.execute(
            "INSERT INTO decisions (dispatch_id, model_id, way, propensity, ranker, chosen, ranked, refused) "
            "VALUES ('nobody', 'm', 'warm', 1.0, 'prior', '{}', '[]', '[]')"
        )

    await make_notes(db)
    connection = await writing_connection(db)
    gate = await closed_gate(db)
    writes = [asyncio.create_task(db.write(work)) for work in (note("lost"), breaks_the_commit)]
    await asyncio.sleep(0)
    gate.open()
    ends = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(end) for end in ends] == [StoreError, StoreError]
    assert not connection.in_transaction
    await db.write(note("next"))
    assert await all_notes(db) == ["next"]
