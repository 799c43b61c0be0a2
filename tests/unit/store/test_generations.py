"""Since when each model is what it is."""

import aiosqlite

from dispatcher.core.task import ModelId
from dispatcher.store.database import Database
from dispatcher.store.generations import Generation, generations, record_generation


async def _nothing(connection: aiosqlite.Connection) -> None:
    """Write nothing."""


async def test_a_later_generation_takes_the_place_of_the_one_before(db: Database) -> None:
    record_generation(db, ModelId("small"), Generation("a", 0.0))
    record_generation(db, ModelId("small"), Generation("b", 17.0))
    record_generation(db, ModelId("big"), Generation("a", 0.0))
    await db.write(_nothing)  # it is behind them in the queue
    assert await generations(db) == {"small": Generation("b", 17.0), "big": Generation("a", 0.0)}
