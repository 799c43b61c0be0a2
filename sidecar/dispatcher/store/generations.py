"""Since when each model has the weights and the template it has."""

from collections.abc import Mapping
from dataclasses import dataclass

import aiosqlite

from dispatcher.core.task import ModelId
from dispatcher.store.database import Database

_PUT = """
    INSERT INTO model_generations (model_id, identity, since_at) VALUES (?, ?, ?)
    ON CONFLICT (model_id) DO UPDATE SET identity = excluded.identity, since_at = excluded.since_at
"""


@dataclass(frozen=True, slots=True)
class Generation:
    """What a model is made of, and since when; Unix time in seconds, 0 for as long as it has been known."""

    identity: str
    since_at: float


async def generations(db: Database) -> Mapping[ModelId, Generation]:
    """All that were noted."""

    async def work(connection: aiosqlite.Connection) -> Mapping[ModelId, Generation]:
        rows = await connection.execute_fetchall("SELECT model_id, identity, since_at FROM model_generations")
        return {ModelId(row[0]): Generation(row[1], row[2]) for row in rows}

    return await db.read(work)


def record_generation(db: Database, model_id: ModelId, generation: Generation) -> None:
    """Have one written down soon; nobody waits for it."""

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute(_PUT, (model_id, generation.identity, generation.since_at))

    db.post(work)
