"""What an admin does with rankers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dispatcher.core.evidence import Evidence
from dispatcher.core.promotion import Stage
from dispatcher.core.ranker_entry import RankerEntry
from dispatcher.errors import RankerConflict, RankerNotFound
from dispatcher.service.rankers import Rankers
from dispatcher.store.database import Database
from dispatcher.store.rankers import add_ranker

PRIOR = RankerEntry("prior", 0.0, Stage.LIVE, "", "{}", None, 0.0, "comes with this package")
BETTER = Evidence(1000, 500.0, 0.0, 0.0, 0.6, 0.5, 0.1, 0.05)
TOO_LITTLE = Evidence(10, 5.0, 0.0, 0.0, 0.6, 0.5, 0.1, 0.05)


class Desk:
    """Rankers with evidence that a test sets, and a note of what was installed."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.evidence = BETTER
        self.installed: list[tuple[str, Stage]] = []
        self.is_broken = False
        self.rankers = Rankers(database, PRIOR, self._judge, self._install, lambda: 100.0)

    async def enter(self, *names: str) -> None:
        for number, name in enumerate(names):
            await add_ranker(
                self.database, RankerEntry(name, number, Stage.CANDIDATE, "0" * 64, "{}", None, number, "trained")
            )

    async def stages(self) -> dict[str, Stage]:
        return {entry.id: entry.stage for entry in await self.rankers.list()}

    async def _judge(self, _entry: RankerEntry) -> Evidence:
        return self.evidence

    async def _install(self, ranker_id: str, stage: Stage) -> None:
        if self.is_broken:
            raise RankerConflict("id: its files are damaged")
        self.installed.append((ranker_id, stage))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    database = await Database.open(tmp_path / "dispatch.db")
    yield Desk(database)
    await database.close()


async def test_the_prior_is_live_until_another_is(desk: Desk) -> None:
    await desk.enter("r1")
    assert await desk.stages() == {"prior": Stage.LIVE, "r1": Stage.CANDIDATE}
    for stage in (Stage.SHADOW, Stage.CANARY, Stage.LIVE):
        assert (await desk.rankers.promote("r1")).stage is stage
    assert await desk.stages() == {"prior": Stage.RETIRED, "r1": Stage.LIVE}
    assert desk.installed == [("r1", Stage.SHADOW), ("r1", Stage.CANARY), ("r1", Stage.LIVE)]
    with pytest.raises(RankerConflict, match="live already"):
        await desk.rankers.promote("r1")


async def test_a_live_one_rolled_back_makes_way_for_the_one_before_and_then_for_the_prior(desk: Desk) -> None:
    await desk.enter("r1", "r2")
    for name in ("r1", "r1", "r1", "r2", "r2", "r2"):
        await desk.rankers.promote(name)
    assert await desk.stages() == {"prior": Stage.RETIRED, "r2": Stage.LIVE, "r1": Stage.RETIRED}
    assert (await desk.rankers.rollback("r2")).stage is Stage.ROLLED_BACK
    assert await desk.stages() == {"prior": Stage.RETIRED, "r2": Stage.ROLLED_BACK, "r1": Stage.LIVE}
    await desk.rankers.rollback("r1")
    assert (await desk.stages())["prior"] is Stage.LIVE
    assert desk.installed[-2:] == [("r1", Stage.LIVE), ("prior", Stage.LIVE)]


async def test_evidence_takes_a_candidate_on_and_too_little_leaves_it_where_it_is(desk: Desk) -> None:
    await desk.enter("r1")
    desk.evidence = TOO_LITTLE
    judged = await desk.rankers.evaluate("r1")
    assert (judged.stage, judged.assessment and judged.assessment.evidence) == (Stage.CANDIDATE, TOO_LITTLE)
    assert "not enough evidence" in judged.why
    desk.evidence = BETTER
    assert (await desk.rankers.evaluate("r1")).stage is Stage.SHADOW
    assert desk.installed == [("r1", Stage.SHADOW)]


async def test_one_whose_files_are_damaged_stays_where_it_is(desk: Desk) -> None:
    await desk.enter("r1")
    desk.is_broken = True
    with pytest.raises(RankerConflict, match="damaged"):
        await desk.rankers.promote("r1")
    assert await desk.stages() == {"prior": Stage.LIVE, "r1": Stage.CANDIDATE}


async def test_what_makes_no_sense_is_told(desk: Desk) -> None:
    await desk.enter("r1")
    with pytest.raises(RankerNotFound):
        await desk.rankers.promote("nobody")
    with pytest.raises(RankerConflict, match="compared with"):
        await desk.rankers.evaluate("prior")
    for name in ("prior", "r1"):
        with pytest.raises(RankerConflict, match="rolled back"):
            await desk.rankers.rollback(name)
