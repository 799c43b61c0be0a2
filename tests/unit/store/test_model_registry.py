"""The registry gives back what it was given, and keeps what an admin changed."""

from dataclasses import replace

import aiosqlite
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.core.model import ModelSpec
from dispatcher.core.task import ModelId
from dispatcher.store.database import Database
from dispatcher.store.models import all_models, set_enabled, sync_catalogue
from tests.unit.store.records import a_model, model_specs


async def _clear(connection: aiosqlite.Connection) -> None:
    await connection.execute("DELETE FROM model_registry")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(specs=st.lists(model_specs, max_size=4, unique_by=lambda spec: spec.id))
async def test_every_model_comes_back_exactly_as_it_was(db: Database, specs: list[ModelSpec]) -> None:
    await db.write(_clear)
    await sync_catalogue(db, specs)
    assert {spec.id: spec for spec in await all_models(db)} == {spec.id: spec for spec in specs}
    await sync_catalogue(db, specs)
    assert len(await all_models(db)) == len(specs)


async def test_models_come_in_the_order_of_their_ids(db: Database) -> None:
    await sync_catalogue(db, [a_model("b"), a_model("c"), a_model("a")])
    assert [spec.id for spec in await all_models(db)] == ["a", "b", "c"]


async def test_an_update_of_the_catalogue_keeps_a_model_disabled(db: Database) -> None:
    await sync_catalogue(db, [a_model()])
    assert await set_enabled(db, ModelId("small"), False)
    newer = a_model(name="Small, second edition")
    await sync_catalogue(db, [newer])
    assert await all_models(db) == (replace(newer, is_enabled=False),)


async def test_an_update_of_the_catalogue_leaves_an_admins_model_alone(db: Database) -> None:
    async def by_an_admin(connection: aiosqlite.Connection) -> None:
        await connection.execute("UPDATE model_registry SET source = 'admin'")

    await sync_catalogue(db, [a_model(name="mine")])
    await db.write(by_an_admin)
    await sync_catalogue(db, [a_model(name="shipped")])
    assert [spec.name for spec in await all_models(db)] == ["mine"]


async def test_enabling_says_whether_there_is_such_a_model(db: Database) -> None:
    await sync_catalogue(db, [a_model(is_enabled=False)])
    assert await set_enabled(db, ModelId("small"), True)
    assert not await set_enabled(db, ModelId("large"), True)
    assert await all_models(db) == (a_model(is_enabled=True),)
