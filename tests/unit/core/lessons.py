"""Lessons for tests."""

from dispatcher.core.features import RequestFeatures
from dispatcher.core.lesson import Lesson
from dispatcher.core.model import ModelSpec
from dispatcher.core.reward import Label
from dispatcher.core.task import Complexity, Context, FormatKind, TaskType

NOWHERE = Context()


def lesson(
    spec: ModelSpec,
    quality: float | None = None,
    *,
    weight: float = 1.0,
    shared_weight: float | None = None,
    success: float | None = 1.0,
    context: Context = NOWHERE,
    task_type: TaskType = TaskType.CHAT,
    features: RequestFeatures | None = None,
) -> Lesson:
    """What one judged answer teaches."""
    return Lesson(
        spec=spec,
        task_type=task_type,
        complexity=Complexity.LOW,
        context=context,
        output=FormatKind.TEXT,
        prompt_tokens=20,
        features=features,
        timed=None,
        label=Label(success, quality, weight),
        shared=Label(success, quality, weight if shared_weight is None else shared_weight),
    )
