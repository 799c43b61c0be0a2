"""What callers taught about task types rests in the database, the last state only."""

from dispatcher.core.taught import TaughtCounts, TaughtShare
from dispatcher.store.database import Database
from dispatcher.store.task_counts import post_taught_counts, taught_counts

FIRST = TaughtCounts("1", b"\x00\x01", (TaughtShare("", "chat", 2.5), TaughtShare("mails", "high", 1.0)))
SECOND = TaughtCounts("2", b"", (TaughtShare("mails", "chat", 0.25),))


async def settled(db: Database) -> TaughtCounts | None:
    await db.write(lambda connection: connection.execute("SELECT 1"))  # posts before it are done
    return await taught_counts(db)


async def test_nothing_was_taught_at_first(db: Database) -> None:
    assert await taught_counts(db) is None


async def test_what_was_taught_comes_back_as_it_was_last(db: Database) -> None:
    post_taught_counts(db, FIRST, 5.0)
    assert await settled(db) == FIRST
    post_taught_counts(db, SECOND, 6.0)
    assert await settled(db) == SECOND
