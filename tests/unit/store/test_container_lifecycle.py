"""Replicas' lives are written down, and teach how much memory a model takes."""

from dataclasses import replace

import aiosqlite
import pytest

from dispatcher.core.replica import ReplicaState
from dispatcher.store.database import Database
from dispatcher.store.lifecycle import measured_peaks, record_lifecycle
from tests.unit.store.notes import writing_connection
from tests.unit.store.records import a_change


async def test_the_peak_is_the_most_that_any_replica_of_a_model_took(db: Database) -> None:
    for model_id, memory_mib in (("small", 300), ("small", 500), ("large", 2000), ("small", 400), ("unmeasured", None)):
        record_lifecycle(db, a_change(model_id, memory_mib))
    await writing_connection(db)
    assert await measured_peaks(db) == {"small": 500, "large": 2000}


async def test_nothing_measured_is_nothing_known(db: Database) -> None:
    assert await measured_peaks(db) == {}


@pytest.mark.parametrize("state", ReplicaState)
async def test_every_state_is_written_down_with_all_that_is_known(db: Database, state: ReplicaState) -> None:
    async def rows(connection: aiosqlite.Connection) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await connection.execute_fetchall("SELECT * FROM container_lifecycle")]

    record_lifecycle(db, replace(a_change("small", 300), state=state, reason="because", took_s=None))
    await writing_connection(db)
    assert await db.read(rows) == [(1, 1_000_000.0, "r1", "small", "process", state, "because", None, 300)]
