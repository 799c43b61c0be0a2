"""Prompt variants rest in the database with their texts, and every dispatch says which one it was put with."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.core.task import DispatchId
from dispatcher.core.variants import Variant, VariantKey, VariantState, VariantUse
from dispatcher.core.wording import Example, Wording
from dispatcher.errors import StoreError
from dispatcher.store.database import Database
from dispatcher.store.dispatches import dispatch_by_id, record_dispatch
from dispatcher.store.outcomes import outcomes
from dispatcher.store.prompt_variants import add_variants, all_variants, post_moves, write_moves
from tests.unit.store.records import a_decision, a_record

KEY = VariantKey("any", "classification")
ODD = Wording("{} %s {{x}} 🦕", (Example("\x00", "ä"),), "JSON, please: {0}", shows_schema=True)


def variant(version: int = 1, state: VariantState = VariantState.CANDIDATE, key: VariantKey = KEY) -> Variant:
    return Variant(key, version, ODD, state, "entered by an admin", created_at=5.0, changed_at=6.0, since=5.5)


async def test_a_variant_comes_back_exactly_as_it_was(db: Database) -> None:
    entered = (variant(), variant(2, VariantState.LIVE), variant(key=VariantKey("gemma", "any")))
    await add_variants(db, entered)
    assert await all_variants(db) == entered


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"])))
async def test_a_text_is_kept_whatever_it_holds(db: Database, text: str) -> None:
    held = len(await all_variants(db))
    await add_variants(db, [replace(variant(held + 1), wording=Wording(system=text))])
    assert (await all_variants(db))[-1].wording.system == text


async def test_one_goes_live_in_place_of_another_in_one_step(db: Database) -> None:
    await add_variants(db, [variant(1, VariantState.LIVE), variant(2, VariantState.CANARY)])
    moves = [variant(1, VariantState.RETIRED), replace(variant(2, VariantState.LIVE), why="provably better")]
    await write_moves(db, moves)
    assert await all_variants(db) == tuple(moves)


async def test_two_of_a_key_are_never_live_at_once(db: Database) -> None:
    await add_variants(
        db, [variant(1, VariantState.LIVE), variant(2), variant(1, VariantState.LIVE, VariantKey("a", "any"))]
    )
    with pytest.raises(StoreError):
        await write_moves(db, [variant(2, VariantState.LIVE)])
    assert [one.state for one in await all_variants(db)][:2] == [VariantState.LIVE, VariantState.LIVE]


async def test_a_posted_move_is_written_soon(db: Database) -> None:
    await add_variants(db, [variant()])
    post_moves(db, [variant(1, VariantState.REJECTED)])
    await db.write(lambda connection: connection.execute("SELECT 1"))
    assert [one.state for one in await all_variants(db)] == [VariantState.REJECTED]


async def test_the_log_says_with_which_variant_a_dispatch_was_put_and_with_what_chance(db: Database) -> None:
    use = VariantUse(KEY, 1, 0.02, (0, 1))
    record_dispatch(db, a_record("with", decision=replace(a_decision(), variant=use)))
    record_dispatch(db, a_record("without", decision=a_decision()))
    await db.write(lambda connection: connection.execute("SELECT 1"))
    found = await dispatch_by_id(db, DispatchId("with"))
    assert found is not None
    assert found.decision is not None
    assert found.decision.variant == use
    first, second = await outcomes(db, 0.0, limit=10)
    assert first.record.decision is not None
    assert (first.record.decision.variant, second.record.decision) == (use, a_decision())
