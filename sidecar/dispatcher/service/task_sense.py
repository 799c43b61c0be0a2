"""What `auto` stands for: guessed at once, learned a moment later from callers who say it themselves, and counted."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dispatcher.core.agreement import Agreement
from dispatcher.core.classification import Classification, classify, complexity_of, likeliest, task_scores
from dispatcher.core.features import TextFeatures
from dispatcher.core.task import Complexity, DispatchRequest, Source, TaskType
from dispatcher.learning.task_sense import LearnedSense, Seen
from dispatcher.metrics import Metrics
from dispatcher.store.database import Database
from dispatcher.store.task_counts import post_taught_counts

_EVERY_S = 2.0
_SAVE_EVERY_S = 60.0
_FADED_AT_ONCE_S = 7 * 86_400.0  # a clock that jumps mustn't make it forget all
_WAITING_MAX = 512  # answered prompts whose samples wait, in memory only, to be learned from
_PAGE = 10  # of them learned before the loop turns


@dataclass(frozen=True, slots=True)
class _Answered:
    """A prompt of which the caller said what it is: task type, complexity or both."""

    task_type: TaskType
    complexity: Complexity
    text: TextFeatures
    workflow_id: str | None


class TaskSense:
    """Classifies what is `auto`. With no learned sense it is the rules.

    `agreement` is how often it would have said what callers said themselves, since the start.

    Args:
        wall: Unix time, in seconds.
    """

    def __init__(
        self, learned: LearnedSense | None, database: Database, metrics: Metrics, wall: Callable[[], float]
    ) -> None:
        self._learned = learned
        self._database = database
        self._metrics = metrics
        self._wall = wall
        self._waiting: deque[_Answered] = deque(maxlen=_WAITING_MAX)
        self._unsaved = 0
        self._saved_at = wall()
        self.agreement = Agreement()

    def classify(self, task_type: TaskType, complexity: Complexity, text: TextFeatures) -> Classification:
        """Fill in what the caller left `auto`; what they said is kept."""
        if self._learned is None or (task_type is not TaskType.AUTO and complexity is not Complexity.AUTO):
            return classify(task_type, complexity, text)
        prompt = Seen.of(text)
        if task_type is TaskType.AUTO:
            task_type, _ = self._learned.task_type(prompt)
        if complexity is Complexity.AUTO:
            complexity, _ = self._learned.complexity(task_type, prompt)
        return Classification(task_type, complexity)

    def note(self, request: DispatchRequest, text: TextFeatures) -> None:
        """Keep what a caller said of a prompt that was answered, to learn from it soon."""
        says = request.task_type is not TaskType.AUTO or request.complexity is not Complexity.AUTO
        if says and request.source is Source.CALLER and request.task_type is not TaskType.EMBEDDING:
            self._waiting.append(_Answered(request.task_type, request.complexity, text, request.context.workflow_id))

    async def run(self) -> None:
        """Learn, forget slowly, and now and then write down what was learned, for ever."""
        while True:
            await asyncio.sleep(_EVERY_S)
            await self.catch_up()
            if self._learned is not None and self._unsaved and self._wall() - self._saved_at >= _SAVE_EVERY_S:
                self._learned.fade(min(self._wall() - self._saved_at, _FADED_AT_ONCE_S))
                await self.save()

    async def catch_up(self) -> None:
        """Learn from all that waits; each prompt is judged before it is learned from."""
        if not self._waiting:
            return
        while self._waiting:
            for _ in range(min(_PAGE, len(self._waiting))):
                self._learn(self._waiting.popleft())
            await asyncio.sleep(0)
        if self._learned is not None:
            await asyncio.to_thread(self._learned.refresh)

    async def save(self) -> None:
        """Have what was learned written down; there is no text in it."""
        if self._learned is not None and self._unsaved:
            self._unsaved, self._saved_at = 0, self._wall()
            post_taught_counts(self._database, await asyncio.to_thread(self._learned.packed), self._wall())

    def _learn(self, said: _Answered) -> None:
        prompt = Seen.of(said.text)
        if said.task_type is not TaskType.AUTO:
            self._compare_task_type(said, prompt)
        if said.complexity is not Complexity.AUTO:
            self._compare_complexity(said, prompt)
        if self._learned is not None:
            self._learned.learn(prompt, _labels(said), said.workflow_id)
            self._unsaved += 1

    def _compare_task_type(self, said: _Answered, prompt: Seen) -> None:
        ruled = likeliest(task_scores(prompt.text, prompt.words), prompt.text)
        guess, is_learned = self._learned.task_type(prompt) if self._learned else (ruled, False)
        agrees = guess is said.task_type
        counted = self.agreement.task_type.counted(agrees=agrees, rules_agree=ruled is said.task_type)
        self.agreement = replace(self.agreement, task_type=counted)
        self._metrics.task_type_agreement.labels(said.task_type, _decider(is_learned), _yes_or_no(agrees)).inc()

    def _compare_complexity(self, said: _Answered, prompt: Seen) -> None:
        task_type = self.classify(said.task_type, said.complexity, prompt.text).task_type
        ruled = complexity_of(task_type, prompt.text, prompt.words)
        guess, is_learned = self._learned.complexity(task_type, prompt) if self._learned else (ruled, False)
        agrees = guess is said.complexity
        counted = self.agreement.complexity.counted(agrees=agrees, rules_agree=ruled is said.complexity)
        self.agreement = replace(self.agreement, complexity=counted)
        self._metrics.complexity_agreement.labels(said.complexity, _decider(is_learned), _yes_or_no(agrees)).inc()


def _decider(is_learned: bool) -> str:
    return "learned" if is_learned else "rules"


def _yes_or_no(fact: bool) -> str:
    return "yes" if fact else "no"


def _labels(said: _Answered) -> Sequence[str]:
    named = (said.task_type, said.complexity)
    return [label for label in named if label not in (TaskType.AUTO, Complexity.AUTO)]
