"""What callers taught about task types and complexities: one set of counts, and who taught how much."""

from collections.abc import Sequence

import aiosqlite

from dispatcher.core.taught import TaughtCounts, TaughtShare
from dispatcher.store.database import Database

_COUNTS = "SELECT version, counts FROM task_counts"
_SHARES = "SELECT workflow_id, label, examples FROM task_teachers"
_PUT_COUNTS = """
    INSERT INTO task_counts (id, version, counts, changed_at) VALUES (1, :version, :counts, :now_at)
    ON CONFLICT (id) DO UPDATE SET
        version = excluded.version, counts = excluded.counts, changed_at = excluded.changed_at
"""
_CLEAR_SHARES = "DELETE FROM task_teachers"
_PUT_SHARE = "INSERT INTO task_teachers (workflow_id, label, examples) VALUES (?, ?, ?)"


async def taught_counts(db: Database) -> TaughtCounts | None:
    """What was written down last; None when nothing was."""

    async def work(connection: aiosqlite.Connection) -> TaughtCounts | None:
        rows = list(await connection.execute_fetchall(_COUNTS))
        shares = await connection.execute_fetchall(_SHARES)
        if not rows:
            return None
        return TaughtCounts(rows[0]["version"], rows[0]["counts"], tuple(TaughtShare(*row) for row in shares))

    return await db.read(work)


def post_taught_counts(db: Database, taught: TaughtCounts, now_at: float) -> bool:
    """Have this written down soon, in place of what was; nobody waits for it. Returns: whether it will be."""
    values = {"version": taught.version, "counts": taught.counts, "now_at": now_at}
    shares: Sequence[tuple[str, str, float]] = [(one.workflow_id, one.label, one.examples) for one in taught.shares]

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute(_PUT_COUNTS, values)
        await connection.execute(_CLEAR_SHARES)
        await connection.executemany(_PUT_SHARE, shares)

    return db.post(work)
