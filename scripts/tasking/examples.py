"""Prompts whose task type is known: our own instructions, and public prompts with outcomes of models."""

import random
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as parquet

from dispatcher.core.classification import likeliest, task_scores, words_of
from dispatcher.core.features import TextFeatures, features_of
from dispatcher.core.task import Complexity, Message, Role, TaskType
from dispatcher.learning.task_words import rows_of

HELD_OUT = 0.25
"""The share of prompts that nothing is ever fitted on."""

SOURCES = {
    "llmrouter9": "prompts of ulab-uiuc/LLMRouter, MIT",
    "mmlupro10": "questions of TIGER-AI-Lab/MMLU-Pro, Apache-2.0",
    "routellm2": "MMLU and GSM8K questions of lm-sys/RouteLLM, Apache-2.0",
}
_HERE = Path(__file__).parent
_VARIANTS = 8  # contents that an instruction is shown with
_PUBLIC_MAX = 300  # of one source and task type: exam questions would drown the rest


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt; `weight` says how much of an instruction it is, `place` (0..1) where its instruction hashes to."""

    task_type: TaskType
    complexity: Complexity
    text: TextFeatures
    rows: list[int]
    scores: dict[TaskType, int]
    ruled: TaskType
    weight: float
    place: float
    is_own: bool

    @property
    def is_held_out(self) -> bool:
        """Whether it is only for judging."""
        return self.place < HELD_OUT


def own_examples(folder: Path = _HERE / "instructions", contents: Path = _HERE / "contents.txt") -> list[Example]:
    """Read our own instructions, one a line; those held out come with contents that are held out too."""
    pool = [_unescaped(line) for line in contents.read_text().splitlines()]
    held = [content for content in pool if place_of(content) < HELD_OUT]
    kept = [content for content in pool if place_of(content) >= HELD_OUT]
    found = []
    for path in sorted(folder.glob("*.txt")):
        for line in path.read_text().splitlines():
            complexity, _, instruction = line.partition("\t")
            place = place_of(line)
            prompts = _filled(_unescaped(instruction), held if place < HELD_OUT else kept)
            found += [
                example(TaskType(path.stem), Complexity(complexity), prompt, 1 / len(prompts), place, is_own=True)
                for prompt in prompts
            ]
    return found


def public_examples(folder: Path) -> list[Example]:
    """Read public prompts; of complexity nothing is said."""
    found = []
    for source in SOURCES:
        by_task: dict[str, list[str]] = defaultdict(list)
        for row in parquet.read_table(folder / f"{source}.prompts.parquet").to_pylist():
            by_task[row["task_type"]].append(row["prompt"])
        for task_type, prompts in sorted(by_task.items()):
            taken = random.Random(source).sample(prompts, min(_PUBLIC_MAX, len(prompts)))  # noqa: S311 - a choice, no secret
            found += [
                example(TaskType(task_type), Complexity.AUTO, prompt, 1.0, place_of(prompt), is_own=False)
                for prompt in taken
            ]
    return found


def fresh_examples(path: Path = _HERE / "fresh.txt") -> list[Example]:
    """Read prompts that were written when the table was finished, and that nothing was ever chosen by."""
    found = []
    for line in path.read_text().splitlines():
        task_type, complexity, prompt = line.split("\t", 2)
        found.append(
            example(TaskType(task_type), Complexity(complexity), _unescaped(prompt), 1.0, place_of(line), is_own=True)
        )
    return found


def example(
    task_type: TaskType, complexity: Complexity, prompt: str, weight: float, place: float, *, is_own: bool
) -> Example:
    """Measure a prompt as serving does."""
    text = features_of([Message(Role.USER, prompt)])
    scores = task_scores(text, words_of(text))
    return Example(task_type, complexity, text, rows_of(text), scores, likeliest(scores, text), weight, place, is_own)


def _filled(instruction: str, contents: list[str]) -> list[str]:
    if "{text}" not in instruction:
        return [instruction]
    taken = random.Random(instruction).sample(contents, _VARIANTS)  # noqa: S311 - a choice, no secret
    return [instruction.replace("{text}", content) for content in taken]


def _unescaped(line: str) -> str:
    return line.replace("\\n", "\n")


def place_of(text: str) -> float:
    """Say where a text hashes to, 0..1."""
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big") / (1 << 32)
