"""The log of replicas' lives, and what it teaches about the memory they take."""

from collections.abc import Mapping
from dataclasses import dataclass

import aiosqlite

from dispatcher.core.record import LifecycleRecord
from dispatcher.core.task import ModelId
from dispatcher.store.database import Database
from dispatcher.store.replay import Log

_INSERT = """
    INSERT INTO container_lifecycle (happened_at, replica_id, model_id, host, state, reason, took_s, memory_mib)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_PEAKS = """
    SELECT model_id, max(memory_mib) FROM container_lifecycle WHERE memory_mib IS NOT NULL GROUP BY model_id
"""


_LOADS = """
    SELECT id, model_id, happened_at, took_s FROM container_lifecycle
    WHERE id > ? AND state = 'ready' AND took_s IS NOT NULL AND host <> 'remote'
    ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Load:
    """One replica came up. `place` rises with each; `took_s` is how long it loaded, its fetch not counted."""

    place: int
    model_id: ModelId
    at: float
    took_s: float


# Each row says for how long the state before it lasted; of a replica that is still ready, no row says it yet.
_READY = """
    WITH spans AS (
        SELECT
            model_id,
            state,
            happened_at,
            lead(happened_at) OVER (PARTITION BY replica_id ORDER BY happened_at, id) AS ended_at
        FROM container_lifecycle
        WHERE happened_at >= :since
    )
    SELECT model_id, sum(coalesce(ended_at, :now) - happened_at) FROM spans WHERE state = 'ready' GROUP BY model_id
"""


def record_lifecycle(db: Database, record: LifecycleRecord) -> None:
    """Have a replica's change of state written down soon; nobody waits for it."""
    row = (
        record.at,
        record.replica_id,
        record.model_id,
        record.host,
        record.state,
        record.reason,
        record.took_s,
        record.memory_mib,
    )

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute(_INSERT, row)

    db.post(work)


async def loads(db: Database, after: int) -> tuple[Load, ...]:
    """The loads behind a place, in the order in which they ended."""

    async def work(connection: aiosqlite.Connection) -> tuple[Load, ...]:
        rows = await connection.execute_fetchall(_LOADS, (after,))
        return tuple(Load(row[0], ModelId(row[1]), row[2], row[3]) for row in rows)

    return await db.read(work)


async def ready_seconds(db: Database, since: float, now_at: float) -> Mapping[ModelId, float]:
    """For how many seconds replicas of each model were in memory, those that came up since a Unix time."""

    async def work(connection: aiosqlite.Connection) -> Mapping[ModelId, float]:
        rows = await connection.execute_fetchall(_READY, {"since": since, "now": now_at})
        return {ModelId(model_id): max(0.0, ready_s) for model_id, ready_s in rows}

    return await db.read(work)


async def measured_peaks(db: Database | Log) -> Mapping[ModelId, int]:
    """The most memory each model's replicas were seen to take, in MiB; models never measured are absent."""

    async def work(connection: aiosqlite.Connection) -> Mapping[ModelId, int]:
        rows = await connection.execute_fetchall(_PEAKS)
        return {ModelId(model_id): peak_mib for model_id, peak_mib in rows}

    return await db.read(work)
