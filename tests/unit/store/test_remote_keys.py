"""The keys of remote models."""

import asyncio
from dataclasses import replace
from pathlib import Path

from dispatcher.core.remote_url import Origin
from dispatcher.core.task import ModelId
from dispatcher.store.database import Database
from dispatcher.store.models import all_models, delete_model, save_model
from dispatcher.store.remote_keys import RemoteKey, remote_keys
from tests.unit.store.records import a_model

CLOUD = ModelId("cloud")
KEY = RemoteKey(Origin("https", "api.example.com", 443), "sk-canary-90125")
REMOTE = replace(a_model("cloud"), url="https://api.example.com/v1", requests_per_minute=7)


async def test_a_key_comes_back_with_whom_it_is_for(db: Database) -> None:
    await save_model(db, REMOTE, KEY)
    assert await remote_keys(db) == {CLOUD: KEY}
    assert await all_models(db) == (REMOTE,)
    assert "canary" not in repr(KEY)


async def test_a_key_goes_when_its_entry_has_none_or_goes(db: Database) -> None:
    await save_model(db, REMOTE, KEY)
    await save_model(db, REMOTE)
    assert await remote_keys(db) == {}
    await save_model(db, REMOTE, KEY)
    await delete_model(db, CLOUD)
    assert await remote_keys(db) == {}


async def test_nothing_of_a_deleted_key_is_left_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    db = await Database.open(path)
    await save_model(db, REMOTE, KEY)
    await delete_model(db, CLOUD)
    await db.close()
    held = await asyncio.to_thread(lambda: b"".join(file.read_bytes() for file in tmp_path.iterdir()))
    assert b"sk-canary-90125" not in held
