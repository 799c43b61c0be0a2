"""Names that stand for a wish instead of a model, for callers whose protocol has room for a name only."""

from dataclasses import dataclass

from dispatcher.core.task import Objective, TaskType


@dataclass(frozen=True, slots=True)
class Alias:
    """What a name says of the work, in words for people too; None leaves it open."""

    told: str
    task_type: TaskType | None = None
    objective: Objective | None = None


AUTO = "auto"

ALIASES: dict[str, Alias] = {
    AUTO: Alias("the best model for each prompt"),
    "auto:fast": Alias("whatever answers soonest", objective=Objective.FASTEST),
    "auto:best": Alias("the best answer, be it slow", objective=Objective.BEST),
    "auto:cheap": Alias("whatever costs least", objective=Objective.CHEAPEST),
    "auto:chat": Alias("conversation", TaskType.CHAT),
    "auto:code": Alias("code", TaskType.CODE_GENERATION),
    "auto:text": Alias("writing", TaskType.TEXT_GENERATION),
    "auto:summary": Alias("summaries", TaskType.SUMMARIZATION),
    "auto:classify": Alias("classification", TaskType.CLASSIFICATION),
    "auto:extract": Alias("extraction", TaskType.EXTRACTION),
    "auto:answer": Alias("questions about facts or a text", TaskType.QUESTION_ANSWERING),
    "auto:reason": Alias("reasoning", TaskType.REASONING),
    "auto:translate": Alias("translation", TaskType.TRANSLATION),
}
"""Every alias, as callers write it."""


def alias_of(name: str) -> Alias | None:
    """What a name stands for, in whatever case and with Ollama's `:latest` or without; None for a model's name."""
    plain = name.strip().lower()
    return ALIASES.get(plain) or ALIASES.get(plain.removesuffix(":latest"))
