"""Lessons for measuring a training: answers of a made-up machine, and judgements that depend on model and text."""

import random
from collections.abc import Iterator

from dispatcher.core.features import FEATURES_VERSION, RequestFeatures, TextFeatures, numbers
from dispatcher.core.forecast import Question
from dispatcher.core.lesson import Lesson
from dispatcher.core.reward import Label
from dispatcher.core.task import FormatKind
from scripts.bench.routes.machine import Machine


def lessons(questions: tuple[Question, ...], count: int, width: int, rng: random.Random) -> Iterator[Lesson]:
    """So many lessons, each of a random model; texts are vectors of this width."""
    machine = Machine(questions, rng, nodes=60)
    works = machine.works()
    for _ in range(count):
        work, node = next(works)
        question = rng.choice(questions)
        place = [rng.gauss(0.0, 1.0) for _ in range(width)]
        length = sum(x * x for x in place) ** 0.5
        text = TextFeatures(4 * work.prompt_tokens, work.prompt_tokens, 1, work.prompt_tokens // 12 + 1, 0, "")
        skill = 0.45 + 0.1 * question.spec.parameters_b**0.5 + 0.3 * place[0] / length
        yield Lesson(
            spec=question.spec,
            task_type=work.task_type,
            complexity=work.complexity,
            context=work.context,
            output=FormatKind.TEXT,
            prompt_tokens=work.prompt_tokens,
            features=RequestFeatures(
                FEATURES_VERSION,
                numbers(text, work.task_type, work.complexity),
                tuple(x / length for x in place),
            ),
            timed=machine.answer(work, node, question),
            label=Label(1.0, float(rng.random() < skill), 1.0),
            shared=Label(1.0, None, 0.0),
        )
