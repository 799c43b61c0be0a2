"""Training a new ranker when the log has grown enough, or when an admin says so."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from dispatcher.core.promotion import Stage
from dispatcher.core.ranker_entry import RankerEntry
from dispatcher.errors import DispatcherError
from dispatcher.learning.artifact import read_artifact
from dispatcher.learning.dataset import DatasetWriter
from dispatcher.learning.training import Failure, NotTrained, Order, train
from dispatcher.service.lessons import Lessons
from dispatcher.service.promote import Promoter
from dispatcher.service.ranker_shelf import RankerShelf
from dispatcher.store.database import Database
from dispatcher.store.outcomes import count_outcomes, outcomes
from dispatcher.store.rankers import add_ranker, all_rankers, forget_rankers

_LOG = structlog.get_logger(__name__)
_EVERY_S = 60.0
_OUTCOMES_MIN = 400
_GROWTH = 1.25  # the log has to grow by a quarter before it is worth another ranker
_OUTCOMES_MAX = 100_000
_TRAINED_SHARE = 0.7  # the newest outcomes are kept to judge by
_PAGE = 50


_WORDS = {
    Failure.NOT_ENOUGH_DATA: "too few outcomes so far; some 300 that were timed or judged are needed.",
    Failure.TIMED_OUT: "it took too long.",
    Failure.OUT_OF_MEMORY: "it needed too much memory.",
    Failure.CRASHED: "its process crashed.",
}


class Trainer:
    """Trains in a child process, and has what came out judged.

    Args:
        new_lessons: makes lessons of the log, from its beginning.
        new_dataset: an empty dataset.
        folder: for datasets and rankers.
        wall: Unix time, in seconds.
    """

    def __init__(
        self,
        database: Database,
        shelf: RankerShelf,
        promoter: Promoter,
        new_lessons: Callable[[], Lessons],
        new_dataset: Callable[[], DatasetWriter],
        folder: Path,
        wall: Callable[[], float],
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._promoter = promoter
        self._new_lessons = new_lessons
        self._new_dataset = new_dataset
        self._folder = folder
        self._wall = wall
        self._trained_at_count = 0
        self._lock = asyncio.Lock()

    async def run(self) -> None:
        """Look once a minute whether it is time, for ever."""
        if newest := next(iter(await all_rankers(self._database)), None):
            self._trained_at_count = await count_outcomes(self._database, newest.created_at)
        while True:
            await asyncio.sleep(_EVERY_S)
            if await count_outcomes(self._database) >= max(_OUTCOMES_MIN, self._trained_at_count * _GROWTH):
                _LOG.info("ranker_training", outcome=await self.train_now())

    async def train_now(self) -> str:
        """Train one, judge it, and say in words what came of it."""
        async with self._lock:
            self._trained_at_count = await count_outcomes(self._database)
            try:
                return await self._trained()
            except DispatcherError as error:
                return error.message

    async def _trained(self) -> str:
        name = datetime.fromtimestamp(self._wall(), UTC).strftime("ranker-%Y%m%d-%H%M%S")
        spool = self._folder / f"{name}.dataset"
        try:
            order = await self._order(spool, name)
            if order is None:
                return "not trained: the log holds no outcomes to learn from"
            result = await train(order)
        finally:
            await asyncio.to_thread(spool.unlink, missing_ok=True)
        if isinstance(result, NotTrained):
            return f"not trained: {_WORDS[result.failure]} {result.words}".strip()
        card = (await asyncio.to_thread(read_artifact, result.folder, result.card_hash)).card
        entry = RankerEntry(
            name, self._wall(), Stage.CANDIDATE, result.card_hash, card.model_dump_json(), None, self._wall(), "trained"
        )
        await add_ranker(self._database, entry)
        said = await self._promoter.consider(entry)
        await self._tidy()
        return said

    async def _order(self, spool: Path, name: str) -> Order | None:
        """Write the older part of the newest outcomes down for the child."""
        count = await count_outcomes(self._database)
        skipped = max(0, count - _OUTCOMES_MAX)
        wanted = int((count - skipped) * _TRAINED_SHARE)
        lessons, data, place, seen = self._new_lessons(), self._new_dataset(), 0, 0
        first_at = last_at = 0.0
        while seen < skipped + wanted and (page := await outcomes(self._database, 0.0, _PAGE, place)):
            for logged in page[: skipped + wanted - seen]:
                seen += 1
                taught = list(lessons.of(logged))
                if seen <= skipped:
                    continue
                first_at = first_at or logged.record.started_at
                last_at = max(last_at, logged.record.started_at)
                for lesson in taught:
                    data.add(lesson)
                await asyncio.sleep(0)
            place = page[-1].place
        if not len(data):
            return None
        await asyncio.to_thread(data.write, spool)
        return Order(spool, self._shelf.path(name), self._wall(), first_at, last_at)

    async def _tidy(self) -> None:
        for gone in await forget_rankers(self._database):
            await asyncio.to_thread(shutil.rmtree, self._shelf.path(gone), ignore_errors=True)
