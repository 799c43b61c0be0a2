"""A machine that answers, made up: models with speeds of their own, nodes with answers of their own, and noise."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from dispatcher.core.forecast import REQUEST_S, Question, Work, token_s_of
from dispatcher.core.outcome import FinishReason
from dispatcher.core.task import PLAIN_TEXT, Complexity, Context, TaskType
from dispatcher.core.timed_outcome import TimedOutcome, node_key, pace_of

_TASKS = tuple(task for task in TaskType if task not in (TaskType.AUTO, TaskType.EMBEDDING))
_STEPS = (Complexity.LOW, Complexity.MEDIUM, Complexity.HIGH)
_MAX_TOKENS = 1024
_SPEED_NOISE = 0.15  # standard deviation of the logarithm, of speed from one answer to the next
_BUSY = 0.07  # how often something else on the machine gets in the way, and slows it by up to three times
_CACHED = 0.3  # how often half of the prompt or more is still in the server's cache


@dataclass(frozen=True, slots=True)
class Node:
    """One node of one workflow: what it asks, and how long the answers are."""

    context: Context
    task_type: TaskType
    complexity: Complexity
    prompt_tokens: float
    length: float
    length_sd: float


@dataclass(frozen=True, slots=True)
class Trait:
    """What is true of a model here, as ratios to the catalogue: seconds to read and write a token, and length."""

    reading: float
    writing: float
    length: float


class Machine:
    """Answers work; everything about it is drawn from `rng` once, and every answer anew."""

    def __init__(self, questions: tuple[Question, ...], rng: random.Random, nodes: int = 12) -> None:
        self.slowdown = 1.0
        self._rng = rng
        self._pace = rng.uniform(0.5, 2.5)
        self._traits = {one.spec.id: self._trait() for one in questions}
        self._nodes = tuple(self._node(index) for index in range(nodes))

    def works(self) -> Iterator[tuple[Work, Node]]:
        """Work as it comes, for ever: from each node in runs, as items of a workflow do."""
        while True:
            node = self._rng.choice(self._nodes)
            for _ in range(self._rng.randint(1, 12)):
                tokens = max(5, round(node.prompt_tokens * self._rng.lognormvariate(0.0, 0.5)))
                yield (
                    Work(
                        node.task_type,
                        node.complexity,
                        tokens,
                        _MAX_TOKENS,
                        PLAIN_TEXT,
                        context=node.context,
                    ),
                    node,
                )

    def answer(self, work: Work, node: Node, question: Question) -> TimedOutcome:
        """One model's answer: how long it took, and how long it got."""
        rng, spec, trait = self._rng, question.spec, self._traits[question.spec.id]
        busy = rng.uniform(1.2, 3.0) if rng.random() < _BUSY else 1.0
        noise = rng.lognormvariate(0.0, _SPEED_NOISE) * self.slowdown * self._pace * busy
        wished = max(1, round(node.length * trait.length * rng.lognormvariate(0.0, node.length_sd)))
        tokens = min(wished, question.max_tokens)
        pace = pace_of(spec, question.threads)
        unread = work.prompt_tokens * (rng.uniform(0.1, 0.5) if rng.random() < _CACHED else 1.0)
        curve = 1.0 + work.prompt_tokens / 8000  # attention: the longer the prompt, the slower each token
        reading_s = unread * pace.read_token_s * trait.reading * noise * curve
        writing_s = tokens * token_s_of(spec, question.threads) * trait.writing * noise * curve**0.5
        return TimedOutcome(
            model_id=spec.id,
            task_type=work.task_type,
            complexity=work.complexity,
            node=node_key(work.context),
            prompt_tokens=work.prompt_tokens,
            completion_tokens=tokens,
            finish_reason=FinishReason.LENGTH if tokens < wished else FinishReason.STOP,
            prefill_s=reading_s,
            decode_s=writing_s,
            first_token_s=REQUEST_S + reading_s,
            total_s=REQUEST_S * rng.uniform(0.5, 2.0) + reading_s + writing_s,
            threads=question.threads,
            at_once=1,
            load_s=0.0,
            max_tokens=question.max_tokens,
            pace=pace,
        )

    def _trait(self) -> Trait:
        rng = self._rng
        return Trait(rng.lognormvariate(0.0, 0.3), rng.lognormvariate(0.0, 0.3), rng.lognormvariate(0.0, 0.3))

    def _node(self, index: int) -> Node:
        rng = self._rng
        return Node(
            Context(workflow_id=f"w{index // 3}", node_id=f"n{index}"),
            rng.choice(_TASKS),
            rng.choice(_STEPS),
            rng.lognormvariate(5.5, 0.8),
            rng.lognormvariate(4.5, 0.9),
            rng.uniform(0.05, 0.6),
        )
