"""How each model does at each kind of work, written down by the optimizer for the rules and for people."""

from collections.abc import Sequence

import aiosqlite

from dispatcher.core.advice.books import Numbers, WorkNumbers
from dispatcher.core.advice.rankings import Place
from dispatcher.core.task import Complexity, ModelId, TaskType
from dispatcher.store.database import Database

_ADD = """
    INSERT INTO model_rankings (
        model_id, task_type, complexity, place, dispatches, success, quality, quality_weight, p50_s, p90_s, p90_kept,
        load_s, updated_at
    ) VALUES (
        :model_id, :task_type, :complexity, :place, :dispatches, :success, :quality, :quality_weight, :p50_s, :p90_s,
        :p90_kept, :load_s, :updated_at
    )
"""


async def write_rankings(db: Database, places: Sequence[Place], now_at: float) -> None:
    """Put these in place of all that were there."""
    rows = [_row(place, now_at) for place in places]

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute("DELETE FROM model_rankings")
        await connection.executemany(_ADD, rows)

    await db.write(work)


async def rankings(db: Database) -> tuple[Place, ...]:
    """All of them, by kind of work, the best first."""

    async def work(connection: aiosqlite.Connection) -> tuple[Place, ...]:
        rows = await connection.execute_fetchall("SELECT * FROM model_rankings ORDER BY task_type, complexity, place")
        return tuple(
            Place(
                row["place"],
                WorkNumbers(
                    ModelId(row["model_id"]),
                    TaskType(row["task_type"]),
                    Complexity(row["complexity"]),
                    Numbers(
                        row["dispatches"],
                        row["success"],
                        row["quality"],
                        row["quality_weight"],
                        row["p50_s"],
                        row["p90_s"],
                        row["p90_kept"],
                        row["load_s"],
                    ),
                ),
            )
            for row in rows
        )

    return await db.read(work)


def _row(place: Place, now_at: float) -> dict[str, object]:
    row, numbers = place.row, place.row.numbers
    return {
        "model_id": row.model_id,
        "task_type": row.task_type,
        "complexity": row.complexity,
        "place": place.place,
        "dispatches": numbers.dispatches,
        "success": numbers.success,
        "quality": numbers.quality,
        "quality_weight": numbers.quality_weight,
        "p50_s": numbers.p50_s,
        "p90_s": numbers.p90_s,
        "p90_kept": numbers.p90_kept,
        "load_s": numbers.load_s,
        "updated_at": now_at,
    }
