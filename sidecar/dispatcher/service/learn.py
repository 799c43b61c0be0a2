"""Learning from the log: what ended, and what was said of it, a moment later and off the path of any dispatch."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from dispatcher.core.lesson import Lesson
from dispatcher.core.logged import LoggedOutcome
from dispatcher.core.model import ModelSpec
from dispatcher.core.outcome import Ending
from dispatcher.core.reward import FAILED, Label
from dispatcher.core.task import Context, DispatchId, Source
from dispatcher.core.worth import utility_of
from dispatcher.service.lessons import Lessons
from dispatcher.service.panel import Panel
from dispatcher.service.variants import Variants
from dispatcher.store.database import Database
from dispatcher.store.lifecycle import loads
from dispatcher.store.outcomes import outcomes, outcomes_with_news

_EVERY_S = 2.0
_PAGE = 50  # outcomes read at a time
_NEWS_OVERLAP_S = 5.0  # what is written down a moment late is seen all the same
_REMEMBERED = 5000  # dispatches whose retry, or whose judgement, is told from news


class SharedExperience(Protocol):
    """What is known whichever ranker chooses."""

    def learn(self, lesson: Lesson) -> None:
        """Take in one dispatch."""

    def learn_load(self, spec: ModelSpec, took_s: float) -> None:
        """Take in how long a replica took to load."""


class Learner:
    """Reads the log from its beginning, then what is new every other second.

    Args:
        experience: what all rankers know: times and success.
        wall: Unix time, in seconds.
    """

    def __init__(
        self,
        database: Database,
        lessons: Lessons,
        panel: Panel,
        experience: SharedExperience,
        variants: Variants,
        wall: Callable[[], float],
    ) -> None:
        self._database = database
        self._lessons = lessons
        self._panel = panel
        self._experience = experience
        self._variants = variants
        self._wall = wall
        self._place = self._load_place = 0
        self._news_at = 0.0
        self._judged: OrderedDict[DispatchId, float] = OrderedDict()  # when it was last spoken of
        self._items: OrderedDict[Context, LoggedOutcome] = OrderedDict()

    async def run(self) -> None:
        """Learn for ever."""
        while True:
            await self.catch_up()
            await asyncio.sleep(_EVERY_S)

    async def catch_up(self) -> None:
        """Take in all that is in the log and wasn't yet."""
        now_at = self._wall()
        await self._learn_loads()
        while page := await outcomes(self._database, 0.0, _PAGE, self._place):
            for one in page:
                self._place = one.place
                self._learn(one)
                await asyncio.sleep(0)  # each takes a fraction of a millisecond: others get their turn in between
        if self._news_at:
            for one in await outcomes_with_news(self._database, self._news_at - _NEWS_OVERLAP_S, _REMEMBERED):
                self._learn_again(one)
        self._news_at = now_at

    async def _learn_loads(self) -> None:
        """Take in how long replicas took to start; that is never taught as their speed."""
        for load in await loads(self._database, self._load_place):
            self._load_place = load.place
            spec = self._lessons.spec(load.model_id, load.at)
            if spec is not None:
                self._experience.learn_load(spec, load.took_s)

    def _learn(self, logged: LoggedOutcome) -> None:
        """Take in a dispatch that is seen for the first time."""
        if logged.record.source is Source.CALLER:
            self._note_retry(logged)
        if logged.feedback:
            self._note_judged(logged)
        for lesson in self._lessons.of(logged):
            self._experience.learn(lesson)
            self._panel.learn(lesson, _ranker(logged), _utility(logged, lesson.label) if lesson.timed else None)
        self._variants.learn(logged.record, logged.label)

    def _learn_again(self, logged: LoggedOutcome) -> None:
        """Take in what was said of a dispatch that has been learned."""
        known_at = self._judged.get(logged.record.dispatch_id, 0.0)
        news = tuple(one for one in logged.feedback if one.created_at > known_at and one.weight > 0)
        self._note_judged(logged)
        if news:  # what doesn't count would teach anew that nobody complained
            self._learn_judgement(replace(logged, feedback=news))
            self._variants.learn(logged.record, logged.label)

    def _learn_judgement(self, logged: LoggedOutcome) -> None:
        """Only how good it was: all else of it is known."""
        if (lesson := self._lessons.judgement_of(logged)) is not None:
            self._panel.learn(lesson, _ranker(logged), None)

    def _learn_failure(self, logged: LoggedOutcome) -> None:
        """Take in that an answer was of no use after all."""
        self._variants.learn(logged.record, FAILED)
        if (lesson := self._lessons.judgement_of(logged)) is not None:
            self._experience.learn(replace(lesson, label=FAILED, shared=FAILED))

    def _note_retry(self, logged: LoggedOutcome) -> None:
        """Hold it against the dispatch before that the same item is asked again."""
        item = logged.record.context
        if item.execution_id is None or item.node_id is None or item.item_index is None:
            return
        before = self._items.pop(item, None)
        if before is not None and before.record.ending is Ending.SUCCEEDED:
            self._learn_failure(before)
        self._items[item] = logged
        if len(self._items) > _REMEMBERED:
            self._items.popitem(last=False)

    def _note_judged(self, logged: LoggedOutcome) -> None:
        self._judged[logged.record.dispatch_id] = max(one.created_at for one in logged.feedback)
        if len(self._judged) > _REMEMBERED:
            self._judged.popitem(last=False)


def _ranker(logged: LoggedOutcome) -> str:
    return logged.record.decision.ranker if logged.record.decision else ""


def _utility(logged: LoggedOutcome, label: Label) -> float | None:
    """What it was worth; None of what was pinned to a model, or wasn't finished."""
    decision = logged.record.decision
    if decision is None or len(decision.ranked) < 2:
        return None
    return utility_of(decision, label, logged.record.timing.total_s)
