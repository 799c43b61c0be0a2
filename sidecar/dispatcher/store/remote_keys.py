"""The keys of models that someone else runs, apart from the registry: each with the one origin it is for."""

from dataclasses import dataclass, field

import aiosqlite

from dispatcher.core.remote_url import Origin
from dispatcher.core.task import ModelId
from dispatcher.store.database import Database


@dataclass(frozen=True, slots=True)
class RemoteKey:
    """A secret, and whom it is for."""

    origin: Origin
    secret: str = field(repr=False)


async def remote_keys(db: Database) -> dict[ModelId, RemoteKey]:
    """All keys, by model."""

    async def work(connection: aiosqlite.Connection) -> dict[ModelId, RemoteKey]:
        rows = await connection.execute_fetchall("SELECT * FROM remote_keys")
        return {
            ModelId(row["model_id"]): RemoteKey(Origin(row["scheme"], row["host"], row["port"]), row["api_key"])
            for row in rows
        }

    return await db.read(work)


async def put_key(connection: aiosqlite.Connection, model_id: ModelId, key: RemoteKey | None) -> None:
    """Have a model's key be this one, or have none, within a transaction. What is deleted is overwritten, too."""
    await connection.execute_fetchall("PRAGMA secure_delete = ON")
    await connection.execute("DELETE FROM remote_keys WHERE model_id = ?", (model_id,))
    await connection.execute_fetchall("PRAGMA secure_delete = OFF")
    if key is not None:
        row = (model_id, key.origin.scheme, key.origin.host, key.origin.port, key.secret)
        await connection.execute("INSERT INTO remote_keys VALUES (?, ?, ?, ?, ?)", row)
