"""What was recorded of a dispatch comes back unchanged."""

import aiosqlite
import pytest
import structlog
from hypothesis import HealthCheck, given, settings

from dispatcher.core.outcome import Ending
from dispatcher.core.record import DispatchRecord
from dispatcher.core.task import DispatchId
from dispatcher.errors import StoreError
from dispatcher.store.database import Database
from dispatcher.store.dispatches import DispatchLog, dispatch_by_id, record_dispatch
from tests.unit.store.notes import writing_connection
from tests.unit.store.records import a_decision, a_record, dispatch_records


async def _clear(connection: aiosqlite.Connection) -> None:
    await connection.execute("DELETE FROM performance_logs")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(record=dispatch_records())
async def test_every_record_comes_back_exactly_as_it_was(db: Database, record: DispatchRecord) -> None:
    await db.write(_clear)  # ids come again
    record_dispatch(db, record)
    await writing_connection(db)  # waits for the post
    assert await dispatch_by_id(db, record.dispatch_id) == record


@pytest.mark.parametrize("ending", Ending)
async def test_a_dispatch_is_recorded_however_it_ended(db: Database, ending: Ending) -> None:
    record = a_record("d1", ending=ending)
    record_dispatch(db, record)
    await writing_connection(db)
    assert await dispatch_by_id(db, DispatchId("d1")) == record


async def test_an_unknown_dispatch_is_none(db: Database) -> None:
    assert await dispatch_by_id(db, DispatchId("unknown")) is None


async def test_a_record_that_the_schema_refuses_leaves_neither_of_its_rows(db: Database) -> None:
    first, again = a_record("d1"), a_record("d1", model_id="other", decision=a_decision())
    with structlog.testing.capture_logs():
        record_dispatch(db, first)
        record_dispatch(db, again)
        await writing_connection(db)
    assert db.failed_posts == 1
    assert await dispatch_by_id(db, DispatchId("d1")) == first


@pytest.mark.parametrize("change", ["UPDATE decisions SET chosen = '{}'", "UPDATE decisions SET ranked = '[{}]'"])
async def test_a_record_of_another_version_is_an_error_that_says_so(db: Database, change: str) -> None:
    async def rewrite(connection: aiosqlite.Connection) -> None:
        await connection.execute(change)

    record_dispatch(db, a_record("d1", decision=a_decision()))
    await db.write(rewrite)
    with pytest.raises(StoreError, match="d1 was recorded by a version"):
        await dispatch_by_id(db, DispatchId("d1"))


async def test_those_that_wait_together_are_all_written(db: Database) -> None:
    log, records = DispatchLog(db), [a_record(f"d{n}", decision=a_decision() if n % 2 else None) for n in range(50)]
    for record in records:
        log.record(record)
    await writing_connection(db)
    assert [await dispatch_by_id(db, record.dispatch_id) for record in records] == records


async def test_one_that_the_schema_refuses_takes_no_other_with_it(db: Database) -> None:
    log, records = DispatchLog(db), [a_record("d1"), a_record("d1", model_id="other"), a_record("d2")]
    with structlog.testing.capture_logs():
        for record in records:
            log.record(record)
        await writing_connection(db)
        await writing_connection(db)  # those that are tried again
    assert await dispatch_by_id(db, DispatchId("d1")) == records[0]
    assert await dispatch_by_id(db, DispatchId("d2")) == records[2]


async def test_more_than_may_wait_are_dropped_and_counted(db: Database) -> None:
    log = DispatchLog(db, waiting_max=2)
    with structlog.testing.capture_logs():
        for number in range(5):
            log.record(a_record(f"d{number}"))
    await writing_connection(db)
    log.record(a_record("later"))
    await writing_connection(db)
    assert db.dropped_posts == 3
    assert await dispatch_by_id(db, DispatchId("later")) is not None
