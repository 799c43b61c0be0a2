"""What an admin sees of rankers, and does with them: judge one, put it in charge, take it out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from dispatcher.core.evidence import Evidence
from dispatcher.core.promotion import Stage, after_evaluation
from dispatcher.core.ranker_entry import ON_TRIAL, Assessment, RankerEntry
from dispatcher.errors import RankerConflict, RankerNotFound
from dispatcher.store.database import Database
from dispatcher.store.rankers import all_rankers, move_ranker

_NEXT = {
    Stage.CANDIDATE: Stage.SHADOW,
    Stage.REJECTED: Stage.SHADOW,
    Stage.ROLLED_BACK: Stage.SHADOW,
    Stage.SHADOW: Stage.CANARY,
    Stage.CANARY: Stage.LIVE,
    Stage.RETIRED: Stage.LIVE,
}


@dataclass(frozen=True, slots=True)
class Rankers:
    """The list in the database, with the prior, which stands behind all and can't be removed.

    Args:
        prior: its entry; live whenever no other is.
        judge: estimates on the log what a ranker would have gained.
        install: puts a ranker where it belongs now, told as its id and stage, before that is written down; what was
            live or on trial there steps down. Raises RankerConflict when its files can't be used.
        wall: Unix time, in seconds.
    """

    database: Database
    prior: RankerEntry
    judge: Callable[[RankerEntry], Awaitable[Evidence]]
    install: Callable[[str, Stage], Awaitable[None]]
    wall: Callable[[], float]

    async def list(self) -> tuple[RankerEntry, ...]:
        """All of them, the prior first, then the newest."""
        entries = await all_rankers(self.database)
        has_live = any(entry.stage is Stage.LIVE for entry in entries)
        return replace(self.prior, stage=Stage.RETIRED if has_live else Stage.LIVE), *entries

    async def evaluate(self, ranker_id: str) -> RankerEntry:
        """Judge one by the log; a candidate goes on to be watched, or is rejected, when the evidence says so.

        Raises: RankerNotFound, RankerConflict for the prior and the live one: all others are judged against these.
        """
        entry = await self._named(ranker_id)
        if ranker_id == self.prior.id or entry.stage is Stage.LIVE:
            raise RankerConflict(f"id: {ranker_id} is what others are compared with; name another")
        evidence = await self.judge(entry)
        assessment = replace(entry.assessment or Assessment(), evidence=evidence)
        verdict = after_evaluation(evidence)
        stage = verdict.stage if entry.stage is Stage.CANDIDATE else entry.stage
        if stage is not entry.stage and stage in ON_TRIAL:
            await self.install(ranker_id, stage)
        await move_ranker(self.database, ranker_id, stage, verdict.why, self.wall(), assessment)
        return await self._named(ranker_id)

    async def promote(self, ranker_id: str) -> RankerEntry:
        """Take one a step further, whatever the evidence says: to be watched, on trial, live. The prior goes live.

        Raises: RankerNotFound, RankerConflict.
        """
        entry = await self._named(ranker_id)
        if entry.stage is Stage.LIVE:
            raise RankerConflict(f"id: {ranker_id} is live already; there is nowhere to promote it to")
        return await self._moved(ranker_id, _NEXT[entry.stage], "promoted by an admin")

    async def rollback(self, ranker_id: str) -> RankerEntry:
        """Take one out of its place; for the live one, the one before goes live, or the prior.

        Raises: RankerNotFound, RankerConflict when it has no place to lose.
        """
        entry = await self._named(ranker_id)
        if ranker_id == self.prior.id or entry.stage not in (*ON_TRIAL, Stage.LIVE):
            raise RankerConflict(f"id: {ranker_id} is {entry.stage}; only one that is live or on trial is rolled back")
        if entry.stage is Stage.LIVE:
            before = await self._before()
            await self._moved(before, Stage.LIVE, f"back in place of {ranker_id}")
            await move_ranker(self.database, ranker_id, Stage.ROLLED_BACK, "rolled back by an admin", self.wall())
            return await self._named(ranker_id)
        return await self._moved(ranker_id, Stage.ROLLED_BACK, "rolled back by an admin")

    async def _moved(self, ranker_id: str, stage: Stage, why: str) -> RankerEntry:
        await self.install(ranker_id, stage)
        await move_ranker(self.database, ranker_id, stage, why, self.wall())
        return await self._named(ranker_id)

    async def _before(self) -> str:
        """Who was live last before the one that is."""
        retired = [entry for entry in await all_rankers(self.database) if entry.stage is Stage.RETIRED]
        return max(retired, key=lambda entry: entry.changed_at).id if retired else self.prior.id

    async def _named(self, ranker_id: str) -> RankerEntry:
        for entry in await self.list():
            if entry.id == ranker_id:
                return entry
        raise RankerNotFound(f"id: there is no ranker {ranker_id[:200]!r}; GET /api/rankers lists them")
