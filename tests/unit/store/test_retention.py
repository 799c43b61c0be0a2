"""What is too old goes, and nothing else."""

import aiosqlite
import pytest

from dispatcher.core.task import DispatchId
from dispatcher.store.database import Database
from dispatcher.store.dispatches import dispatch_by_id, record_dispatch
from dispatcher.store.lifecycle import record_lifecycle
from dispatcher.store.retention import purge
from tests.unit.store.notes import writing_connection
from tests.unit.store.records import a_change, a_decision, a_record

_TABLES = ("performance_logs", "decisions", "container_lifecycle")


async def _counts(db: Database) -> tuple[int, ...]:
    async def work(connection: aiosqlite.Connection) -> tuple[int, ...]:
        counts = [list(await connection.execute_fetchall(f"SELECT count(*) FROM {table}")) for table in _TABLES]
        return tuple(count for ((count,),) in counts)

    return await db.read(work)


async def _record(db: Database, dispatches: int) -> None:
    for n in range(dispatches):
        record_dispatch(db, a_record(f"{n}", started_at=float(n), decision=a_decision()))
    for n in range(10):
        record_lifecycle(db, a_change("small", None, at=float(n)))
    await writing_connection(db)


async def test_a_decision_goes_with_its_dispatch_and_the_younger_stay(db: Database) -> None:
    await _record(db, 20)
    assert await purge(db, before=5.0, rows_max=1000) == 10
    assert await _counts(db) == (15, 15, 5)
    assert await purge(db, before=5.0, rows_max=1000) == 0


async def test_more_than_one_bite_goes_at_a_time(db: Database) -> None:
    await _record(db, 1100)
    assert await purge(db, before=1e9, rows_max=10_000) == 1110
    assert await _counts(db) == (0, 0, 0)


@pytest.mark.parametrize(("rows_max", "left"), [(0, (20, 20, 10)), (7, (13, 13, 10)), (25, (0, 0, 5))])
async def test_no_more_than_asked_goes(db: Database, rows_max: int, left: tuple[int, ...]) -> None:
    await _record(db, 20)
    assert await purge(db, before=1e9, rows_max=rows_max) == rows_max
    assert await _counts(db) == left


async def test_the_oldest_go_first(db: Database) -> None:
    await _record(db, 20)
    await purge(db, before=1e9, rows_max=7)
    assert await dispatch_by_id(db, DispatchId("6")) is None
    assert await dispatch_by_id(db, DispatchId("7")) is not None
