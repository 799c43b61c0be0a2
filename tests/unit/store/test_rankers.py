"""Who makes the forecasts: one is live, one on trial, and a few stay to go back to."""

from dataclasses import replace

import pytest

from dispatcher.core.evidence import Evidence, Guardrail, Shadow, Tally
from dispatcher.core.promotion import Stage
from dispatcher.core.ranker_entry import Assessment, RankerEntry
from dispatcher.errors import StoreError
from dispatcher.store.database import Database
from dispatcher.store.rankers import add_ranker, all_rankers, forget_rankers, move_ranker

FOUND = Assessment(
    evidence=Evidence(900, 412.0, 0.1, 0.02, 0.61, 0.6, 0.02, 0.01, (Guardrail("success", 0.9, 0.91, 0.01, True),)),
    shadow=Shadow(120, 0.1, 0.12),
    canary=Tally(60, 0.7, 1.5),
    live=Tally(300, 0.69, 8.0),
)


def entry(name: str, stage: Stage = Stage.CANDIDATE, at: float = 1.0) -> RankerEntry:
    return RankerEntry(name, at, stage, "0" * 64, '{"rows": 10}', None, at, "trained")


async def stages(db: Database) -> dict[str, Stage]:
    return {one.id: one.stage for one in await all_rankers(db)}


async def test_a_ranker_comes_back_as_it_was_with_all_that_was_found_out(db: Database) -> None:
    judged = replace(entry("r1"), assessment=FOUND)
    await add_ranker(db, judged)
    await add_ranker(db, entry("r2", at=2.0))
    assert await all_rankers(db) == (entry("r2", at=2.0), judged)


async def test_the_live_one_retires_for_another_and_the_one_on_trial_makes_room(db: Database) -> None:
    for name, stage in (("old", Stage.LIVE), ("tried", Stage.CANARY), ("watched", Stage.CANDIDATE)):
        await add_ranker(db, entry(name, stage))
    await move_ranker(db, "watched", Stage.SHADOW, "looks good", now_at=5.0)
    assert await stages(db) == {"old": Stage.LIVE, "tried": Stage.CANDIDATE, "watched": Stage.SHADOW}
    await move_ranker(db, "watched", Stage.LIVE, "is good", now_at=6.0, assessment=FOUND)
    assert await stages(db) == {"old": Stage.RETIRED, "tried": Stage.CANDIDATE, "watched": Stage.LIVE}
    watched = next(one for one in await all_rankers(db) if one.id == "watched")
    assert (watched.why, watched.changed_at, watched.assessment) == ("is good", 6.0, FOUND)
    old = next(one for one in await all_rankers(db) if one.id == "old")
    assert old.why == "replaced by watched"


async def test_two_that_are_live_are_refused(db: Database) -> None:
    await add_ranker(db, entry("r1", Stage.LIVE))
    with pytest.raises(StoreError):
        await add_ranker(db, entry("r2", Stage.LIVE))


async def test_what_is_found_out_later_stays_when_nothing_new_is_said(db: Database) -> None:
    await add_ranker(db, entry("r1"))
    await move_ranker(db, "r1", Stage.SHADOW, "better on the log", now_at=8.0, assessment=FOUND)
    await move_ranker(db, "r1", Stage.REJECTED, "worse", now_at=9.0)
    (only,) = await all_rankers(db)
    assert (only.stage, only.assessment) == (Stage.REJECTED, FOUND)


async def test_the_newest_few_stay_of_those_that_were_live_and_of_the_others(db: Database) -> None:
    await add_ranker(db, entry("live", Stage.LIVE, at=0.5))
    await add_ranker(db, entry("watched", Stage.SHADOW, at=0.5))
    for number in range(5):
        await add_ranker(db, entry(f"retired{number}", Stage.RETIRED, at=float(number)))
        await add_ranker(db, entry(f"rejected{number}", Stage.REJECTED, at=float(number)))
    gone = await forget_rankers(db, kept=3)
    assert sorted(gone) == ["rejected0", "rejected1", "retired0", "retired1"]
    assert len(await all_rankers(db)) == 8
    assert await forget_rankers(db, kept=3) == ()
