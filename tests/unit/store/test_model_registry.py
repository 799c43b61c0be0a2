"""The registry gives back what it was given, and keeps what an admin changed."""

from dataclasses import replace

import aiosqlite
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.core.model import ModelSpec
from dispatcher.core.task import ModelId
from dispatcher.store.database import Database
from dispatcher.store.models import admin_models, all_models, delete_model, save_model, set_switches, sync_catalogue
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


async def test_an_update_of_the_catalogue_keeps_what_an_admin_switched(db: Database) -> None:
    await sync_catalogue(db, [a_model()])
    await set_switches(db, ModelId("small"), is_enabled=False, is_pinned=True)
    newer = a_model(name="Small, second edition")
    await sync_catalogue(db, [newer])
    assert await all_models(db) == (replace(newer, is_enabled=False, is_pinned=True),)


async def test_a_model_that_an_admin_saved_comes_back_and_the_catalogue_leaves_it_alone(db: Database) -> None:
    await sync_catalogue(db, [a_model(name="shipped"), a_model("other")])
    mine = replace(a_model(name="mine"), is_pinned=True)
    await save_model(db, mine)
    await save_model(db, mine)
    await sync_catalogue(db, [a_model(name="shipped again"), a_model("other")])
    assert await all_models(db) == (a_model("other"), mine)
    assert await admin_models(db) == {"small"}


async def test_a_deleted_model_is_gone(db: Database) -> None:
    await save_model(db, a_model())
    await delete_model(db, ModelId("small"))
    await delete_model(db, ModelId("never there"))
    assert await all_models(db) == ()
