"""Rankers on disk: how one is taken down and taught what the log knows, and judged by it on the way."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dispatcher.core.evidence import Evidence
from dispatcher.core.model import ModelSpec
from dispatcher.core.ranker_entry import RankerEntry
from dispatcher.core.task import ModelId
from dispatcher.errors import RankerConflict
from dispatcher.learning.artifact import Artifact, RankerBroken
from dispatcher.learning.counterfactual import trial_of
from dispatcher.learning.evaluation import Trial, evaluate
from dispatcher.learning.ranker import Ranker
from dispatcher.learning.verify import verified
from dispatcher.service.lessons import Lessons
from dispatcher.store.database import Database
from dispatcher.store.outcomes import outcomes

_PAGE = 25
_TRIALS_MAX = 5000  # the newest
_SEED = 1


@dataclass(frozen=True, slots=True)
class Raised:
    """A ranker that knows the log, and what the part of the log that it wasn't trained on says of it."""

    ranker: Ranker
    evidence: Evidence


class RankerShelf:
    """Takes rankers from their folders.

    Args:
        folder: holds a folder for each, by its name.
        build: makes a ranker of its files.
        new_lessons: makes lessons of the log, from its beginning.
        specs: the models there are.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        build: Callable[[str, Artifact], Ranker],
        new_lessons: Callable[[], Lessons],
        specs: Callable[[], Mapping[ModelId, ModelSpec]],
    ) -> None:
        self._database = database
        self._folder = folder
        self._build = build
        self._new_lessons = new_lessons
        self._specs = specs

    def path(self, ranker_id: str) -> Path:
        """Where a ranker's files are."""
        return self._folder / ranker_id

    async def judge(self, entry: RankerEntry) -> Evidence:
        """Estimate what a ranker would have gained.

        Raises: RankerConflict when its files can't be used.
        """
        return (await self.raised(entry)).evidence

    async def raised(self, entry: RankerEntry) -> Raised:
        """Take a ranker down, and have it learn the log in order. Where it wasn't trained on it, it chooses first.

        Raises: RankerConflict when its files can't be used.
        """
        try:
            artifact = await verified(self.path(entry.id), entry.sha256)
            ranker = await asyncio.to_thread(self._build, entry.id, artifact)
        except RankerBroken as error:
            raise RankerConflict(f"id: {entry.id} can't be used: {error}; train another one") from error
        trials = await self._taught(ranker, artifact.card.last_at)
        return Raised(ranker, await asyncio.to_thread(evaluate, trials[-_TRIALS_MAX:], _SEED))

    async def _taught(self, ranker: Ranker, trained_until_at: float) -> list[Trial]:
        lessons, specs, trials, place = self._new_lessons(), self._specs(), list[Trial](), 0
        while page := await outcomes(self._database, 0.0, _PAGE, place):
            for logged in page:
                is_unseen = logged.record.started_at > trained_until_at
                if is_unseen and (trial := trial_of(logged, ranker, specs)) is not None:
                    trials.append(trial)
                for lesson in lessons.of(logged):
                    ranker.learn(lesson)
                await asyncio.sleep(0)  # others get their turn
            place = page[-1].place
        return trials
