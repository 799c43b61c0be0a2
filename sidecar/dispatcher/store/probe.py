"""Whether the database answers."""

import aiosqlite

from dispatcher.store.database import Database


async def probe(db: Database) -> None:
    """Read something small.

    Raises: StoreError or Overloaded when it can't be read.
    """

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute("SELECT 1")

    await db.read(work)
