"""Prompt variants are tried within their share, judged by outcomes, and moved by evidence or by an admin."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from dispatcher.core.model import ModelSpec
from dispatcher.core.reward import Label
from dispatcher.core.shipped_variants import SHIPPED
from dispatcher.core.task import DispatchRequest, Message, ModelId, Role, Source, TaskType
from dispatcher.core.variants import AS_EVER, Variant, VariantKey, VariantPick, VariantState, VariantUse
from dispatcher.core.wording import CHARS_MAX, PLAIN, Wording
from dispatcher.errors import PromptVariantConflict, PromptVariantNotFound, StoreError
from dispatcher.service.ship_variants import ship_variants
from dispatcher.service.variants import IN_PLAY_MAX, Variants
from dispatcher.store.database import Database
from dispatcher.store.prompt_variants import all_variants
from tests.unit.core.builders import request, spec
from tests.unit.store.records import a_decision, a_record

KEY = VariantKey("any", "classification")
BRIEF = Wording(system="Answer with the label only.")
GOOD, BAD = Label(1.0, 1.0, 1.0), Label(1.0, 0.0, 1.0)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "x.db")
    yield database
    await database.close()


def variants(database: Database, *entered: Variant, share: float = 0.02, seed: int = 1) -> Variants:
    return Variants(database, entered, share, random.Random(seed).random, wall=lambda: 2_000_000.0)


def picked(
    tried: Variants,
    model: ModelSpec | None = None,
    asked: DispatchRequest | None = None,
    task_type: TaskType = TaskType.CLASSIFICATION,
    tokens: int = 100,
) -> VariantPick:
    """How a dispatch is put to a model; to another of the same kind just so."""
    picker = tried.picker(asked or request(), task_type, tokens)
    found = picker.pick(model or spec())
    assert picker.pick(replace(model or spec(), id=ModelId("other"))) is found
    return found


def taught(tried: Variants, pick: VariantPick, label: Label, name: str) -> None:
    record = a_record(name, started_at=2_000_000.0, decision=replace(a_decision(), variant=pick.use))
    tried.learn(record, label)


def used(tried: Variants, count: int, gain: float, seed: int = 2) -> Counter[int]:
    """Dispatch so often; the plain prompt is right six times in ten, a variant more often by `gain`."""
    rng, found = random.Random(seed), Counter[int]()
    for number in range(count):
        pick = picked(tried)
        assert pick.use is not None
        found[pick.use.version] += 1
        is_right = rng.random() < 0.6 + gain * (pick.use.version > 0)
        taught(tried, pick, GOOD if is_right else BAD, f"d{seed}-{number}")
    return found


async def state_of(database: Database, version: int = 1) -> VariantState:
    await database.write(lambda connection: connection.execute("SELECT 1"))
    return next(one.state for one in await all_variants(database) if one.version == version)


async def test_without_variants_a_prompt_is_put_as_ever(database: Database) -> None:
    assert picked(variants(database)) == AS_EVER


async def test_a_candidate_is_tried_within_the_share_and_its_chance_is_said(database: Database) -> None:
    tried = variants(database)
    await tried.add(KEY, BRIEF)
    picks = [picked(tried) for _ in range(5000)]
    with_it = [pick for pick in picks if pick.wording == BRIEF]
    assert 60 < len(with_it) < 140
    assert with_it[0].use == VariantUse(KEY, 1, pytest.approx(0.02), (0, 1))
    assert with_it[0].tokens > 0
    plain = next(pick for pick in picks if pick.wording == PLAIN)
    assert plain.use == VariantUse(KEY, 0, pytest.approx(0.98), (0, 1))


async def test_who_allows_no_exploration_gets_what_is_live_and_nothing_else(database: Database) -> None:
    tried = variants(database)
    await tried.add(KEY, BRIEF)
    assert picked(tried, asked=request(explore=False)) == AS_EVER
    assert picked(variants(database, *tried, share=0.0)) == AS_EVER
    await tried.promote(KEY, 1)
    await tried.promote(KEY, 1)
    pick = picked(tried, asked=request(explore=False))
    assert (pick.wording, pick.use) == (BRIEF, VariantUse(KEY, 1, 1.0, (1,)))


async def test_a_variant_is_for_its_task_and_its_family_and_callers_only(database: Database) -> None:
    tried = variants(database)
    key = VariantKey("gemma", "classification")
    await tried.add(key, BRIEF)
    await tried.promote(key, 1)
    await tried.promote(key, 1)
    assert picked(tried) == AS_EVER
    assert picked(tried, spec(family="gemma"), task_type=TaskType.CHAT) == AS_EVER
    assert picked(tried, spec(family="gemma"), request(source=Source.CALIBRATION)) == AS_EVER
    assert picked(tried, spec(family="gemma")).use is not None


async def test_the_most_specific_key_that_has_something_to_say_speaks(database: Database) -> None:
    tried = variants(database)
    for key, wording in ((VariantKey("any", "any"), BRIEF), (KEY, Wording(json_instruction="JSON only."))):
        await tried.add(key, wording)
        await tried.promote(key, 1)
        await tried.promote(key, 1)
    assert picked(tried, asked=request(explore=False)).wording == BRIEF


async def test_a_variant_never_takes_room_that_prompt_and_answer_need(database: Database) -> None:
    tried = variants(database)
    await tried.add(KEY, BRIEF)
    await tried.promote(KEY, 1)
    await tried.promote(KEY, 1)
    quiet = request(explore=False)
    tokens = picked(tried, asked=quiet).tokens
    assert picked(tried, spec(context_tokens=700 + tokens), quiet, tokens=700).wording == BRIEF
    assert picked(tried, spec(context_tokens=700 + tokens - 1), quiet, tokens=700) == AS_EVER


async def test_where_a_variant_has_nothing_to_say_it_is_no_contest(database: Database) -> None:
    tried = variants(database)
    await tried.add(KEY, BRIEF)
    with_system = (Message(Role.SYSTEM, "Be kind."), Message(Role.USER, "Good or bad?"))
    assert picked(tried, asked=replace(request(), messages=with_system)) == AS_EVER


@pytest.mark.heavy
async def test_a_better_variant_goes_live_by_itself_and_the_plain_prompt_watches_over_it(database: Database) -> None:
    tried = variants(database)
    await tried.add(KEY, BRIEF)
    used(tried, 9000, gain=0.25)
    assert await state_of(database) is VariantState.LIVE
    (variant,) = tried
    assert "provably better" in variant.why
    after = used(tried, 2000, gain=0.25, seed=3)
    assert 10 < after[0] < 80


async def test_a_live_variant_that_turns_out_worse_is_rolled_back(database: Database) -> None:
    tried = variants(database)
    await tried.add(KEY, BRIEF)
    await tried.promote(KEY, 1)
    await tried.promote(KEY, 1)
    assert await state_of(database) is VariantState.LIVE
    for number in range(9000):
        pick = picked(tried)
        if pick.use is None:
            break
        taught(tried, pick, BAD if pick.use.version and number % 2 else GOOD, f"d{number}")
    assert await state_of(database) is VariantState.ROLLED_BACK
    assert picked(tried) == AS_EVER


async def test_what_is_said_later_of_a_dispatch_counts_in_place_of_what_was_thought(database: Database) -> None:
    tried = variants(database)
    variant = await tried.add(KEY, BRIEF)
    pick = VariantPick(BRIEF, 10, VariantUse(KEY, 1, 0.02, (0, 1)))
    taught(tried, pick, Label(1.0, 1.0, 0.1), "d1")
    taught(tried, pick, BAD, "d1")
    mine, _ = tried.scores(variant)
    assert (mine.success.count, mine.reward.weight, mine.reward.mean) == (1, pytest.approx(1.0), pytest.approx(0.0))


async def test_one_that_comes_back_begins_anew(database: Database) -> None:
    tried = variants(database)
    await tried.add(KEY, BRIEF)
    pick = VariantPick(BRIEF, 10, VariantUse(KEY, 1, 0.02, (0, 1)))
    for number in range(10):
        taught(tried, pick, BAD, f"d{number}")
    await tried.retire(KEY, 1)
    again = await tried.promote(KEY, 1)
    assert again.state is VariantState.CANARY
    assert tried.scores(again)[0].success.count == 0
    old = a_record("old", started_at=1_999_999.0, decision=replace(a_decision(), variant=pick.use))
    tried.learn(old, BAD)
    assert tried.scores(again)[0].success.count == 0


async def test_only_one_is_on_trial_and_one_live(database: Database) -> None:
    tried = variants(database)
    for _ in range(3):
        await tried.add(KEY, BRIEF)
    await tried.promote(KEY, 1)
    await tried.promote(KEY, 1)
    await tried.promote(KEY, 2)
    await tried.promote(KEY, 3)
    states = [variant.state for variant in tried]
    assert states == [VariantState.LIVE, VariantState.CANDIDATE, VariantState.CANARY]
    await tried.promote(KEY, 3)
    assert [variant.state for variant in await all_variants(database)] == [
        VariantState.RETIRED,
        VariantState.CANDIDATE,
        VariantState.LIVE,
    ]


async def test_what_an_admin_cannot_do_is_said(database: Database) -> None:
    tried = variants(database)
    with pytest.raises(PromptVariantNotFound, match="any/classification/1"):
        await tried.promote(KEY, 1)
    await tried.add(KEY, BRIEF)
    with pytest.raises(PromptVariantNotFound):
        await tried.retire(KEY, 2)
    await tried.retire(KEY, 1)
    with pytest.raises(PromptVariantConflict, match="retired"):
        await tried.retire(KEY, 1)
    await tried.promote(KEY, 1)
    await tried.promote(KEY, 1)
    with pytest.raises(PromptVariantConflict, match="live already"):
        await tried.promote(KEY, 1)


async def test_no_more_are_in_play_than_can_be_told_apart(database: Database) -> None:
    tried = variants(database)
    for _ in range(IN_PLAY_MAX):
        await tried.add(KEY, BRIEF)
    with pytest.raises(PromptVariantConflict, match="retire one first"):
        await tried.add(KEY, BRIEF)
    await tried.retire(KEY, 2)
    assert (await tried.add(KEY, BRIEF)).version == IN_PLAY_MAX + 1


async def test_after_a_restart_everything_stands_where_it_stood(database: Database) -> None:
    tried = variants(database)
    await tried.add(KEY, BRIEF)
    await tried.promote(KEY, 1)
    assert tuple(variants(database, *await all_variants(database))) == tuple(tried)


async def test_what_comes_with_the_package_is_a_candidate_and_entered_once(database: Database) -> None:
    entered = await ship_variants(database, SHIPPED, 5.0)
    assert {variant.state for variant in entered} == {VariantState.CANDIDATE}
    assert all(variant.wording.chars <= CHARS_MAX for variant in entered)
    tried = variants(database, *entered)
    await tried.retire(entered[0].key, 1)
    again = await ship_variants(database, SHIPPED, 6.0)
    assert [variant.state for variant in again] == [VariantState.RETIRED, VariantState.CANDIDATE]


async def test_another_text_of_the_package_is_another_version(database: Database) -> None:
    await ship_variants(database, [(KEY, BRIEF)], 5.0)
    again = await ship_variants(database, [(KEY, Wording(system="Label only."))], 6.0)
    assert [variant.version for variant in again] == [1, 2]


async def test_one_that_cannot_be_written_down_was_never_entered(database: Database) -> None:
    tried = variants(database)
    await database.close()
    with pytest.raises(StoreError):
        await tried.add(KEY, BRIEF)
    assert list(tried) == []
    assert picked(tried) == AS_EVER
