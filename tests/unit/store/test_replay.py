"""The log, read to be played again."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dispatcher.core.decision import Refusal, RefusalReason
from dispatcher.core.outcome import Ending, Timing
from dispatcher.core.task import Context, ModelId, Source
from dispatcher.errors import StoreError
from dispatcher.store.database import Database
from dispatcher.store.dispatches import record_dispatch
from dispatcher.store.models import all_models, save_model
from dispatcher.store.replay import Log, LoggedCall, logged_calls, read_log
from tests.unit.store.records import a_decision, a_model, a_record


async def calls(path: Path, since: float = 0.0) -> tuple[LoggedCall, ...]:
    """Everything of the log since then."""

    async def use(log: Log) -> tuple[LoggedCall, ...]:
        return await logged_calls(log, since)

    return await read_log(path, use)


async def test_calls_come_in_order_with_the_time_of_their_answer_alone(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "log.db")
    timing = Timing(queue_s=3.0, load_s=2.0, first_token_s=5.1, total_s=9.0)
    record_dispatch(database, a_record("later", started_at=20.0, timing=timing, context=Context("w", "n", "e", 1)))
    record_dispatch(database, a_record("failed", started_at=10.0, ending=Ending.FAILED))
    record_dispatch(database, a_record("left", started_at=15.0, ending=Ending.CANCELLED))
    await database.close()
    failed, later = await calls(tmp_path / "log.db")
    assert (failed.run_s, failed.loop) == (None, None)
    assert (later.run_s, later.total_s, later.workflow_id, later.loop) == (4.0, 9.0, "w", "w/n/e")
    assert await calls(tmp_path / "log.db", since=15.0) == (later,)


async def test_runs_of_a_node_are_told_apart_and_what_the_sidecar_asked_itself_is_left_out(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "log.db")
    record_dispatch(database, a_record("d1", context=Context("w", "n", "e", 1, run_index=2)))
    record_dispatch(database, a_record("own", source=Source.CALIBRATION))
    await database.close()
    assert [call.loop for call in await calls(tmp_path / "log.db")] == ["w/n/e/2"]


async def test_whether_a_model_was_asked_for_is_seen_by_why_others_were_refused(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "log.db")
    pinned = replace(a_decision(), refused=(Refusal(ModelId("x"), RefusalReason.NOT_PINNED, "another was asked for"),))
    record_dispatch(database, a_record("open", started_at=1.0, decision=a_decision()))
    record_dispatch(database, a_record("pinned", started_at=2.0, decision=pinned))
    await database.close()
    assert [call.is_pinned for call in await calls(tmp_path / "log.db")] == [False, True]


async def test_the_log_of_a_running_sidecar_can_be_read(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "log.db")
    try:
        await save_model(database, a_model("small"))
        assert [spec.id for spec in await read_log(tmp_path / "log.db", all_models)] == ["small"]
    finally:
        await database.close()


async def test_what_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="isn't there"):
        await calls(tmp_path / "none.db")
    assert not await asyncio.to_thread((tmp_path / "none.db").exists)


def make_old(path: Path) -> None:
    """A database of the first version."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 1")


async def test_another_versions_log_is_told_as_such(tmp_path: Path) -> None:
    await asyncio.to_thread(make_old, tmp_path / "old.db")
    with pytest.raises(StoreError, match="another version"):
        await calls(tmp_path / "old.db")


async def test_what_is_no_database_is_told_as_such(tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "notes.db").write_text, "these are notes, and no database. " * 10)
    with pytest.raises(StoreError):
        await calls(tmp_path / "notes.db")
