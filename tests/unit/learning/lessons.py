"""Lessons for tests: of a machine whose times follow the rules that a test gives."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from dispatcher.core.features import FEATURES_VERSION, RequestFeatures, TextFeatures, numbers
from dispatcher.core.lesson import Lesson
from dispatcher.core.reward import Label
from dispatcher.core.task import Context, FormatKind, ModelId
from dispatcher.learning.columns import Dataset
from dispatcher.learning.dataset import DatasetWriter, read_dataset
from tests.unit.core.builders import STEPS, WORK, big, spec
from tests.unit.learning.outcomes import a_work, an_outcome

WIDTH = 6
MODELS = (spec(), big())


def lessons(count: int, slower: Callable[[int], float] = lambda _tokens: 1.0, seed: int = 1) -> Iterator[Lesson]:
    """So many lessons; `slower` is by how much reading and writing are off the catalogue, by tokens of the prompt."""
    rng = random.Random(seed)
    for index in range(count):
        model = rng.choice(MODELS)
        work = a_work(
            rng.randint(20, 3000),
            task_type=rng.choice(WORK[:3]),
            complexity=rng.choice(STEPS),
            context=Context(workflow_id="w", node_id=f"n{index % 5}"),
        )
        noise = rng.lognormvariate(0.0, 0.1)
        place = tuple(rng.gauss(0.0, 1.0) for _ in range(WIDTH))
        text = TextFeatures(4 * work.prompt_tokens, work.prompt_tokens, 1, 3, 0, "")
        yield Lesson(
            spec=model,
            task_type=work.task_type,
            complexity=work.complexity,
            context=work.context,
            output=FormatKind.TEXT,
            prompt_tokens=work.prompt_tokens,
            features=RequestFeatures(FEATURES_VERSION, numbers(text, work.task_type, work.complexity), place),
            timed=an_outcome(model, work, slower=slower(work.prompt_tokens) * noise, tokens=rng.randint(20, 90)),
            label=Label(1.0, float(rng.random() < 0.3 + 0.4 * (place[0] > 0)), 1.0),
            shared=Label(1.0, None, 0.0),
        )


def a_lesson(**changes: object) -> Lesson:
    """One lesson."""
    return replace(next(lessons(1)), **changes)  # type: ignore[arg-type]


def a_dataset(path: Path, *taken: Lesson) -> Dataset:
    """Lessons written and read again."""
    writer = DatasetWriter("encoder-1", WIDTH)
    for lesson in taken:
        writer.add(lesson)
    writer.write(path)
    return read_dataset(path)


MODEL_IDS = tuple(ModelId(model.id) for model in MODELS)
