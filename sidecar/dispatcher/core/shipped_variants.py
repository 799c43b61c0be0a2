"""Prompt variants that come with the package, as candidates: for models they were measured with, and no others."""

from dispatcher.core.task import TaskType
from dispatcher.core.variants import VariantKey
from dispatcher.core.wording import Example, Wording

_LABELS = Wording(
    system=(
        "You choose labels. Unless the text asks for more, answer with one of the labels it names, and nothing else."
    ),
    examples=(
        Example("Is this animal a bird or a fish?\n\nIt lives in the lake and has gills.", "fish"),
        Example("Sort this message into urgent, later or spam:\nWin a free holiday now!!!", "spam"),
    ),
)

SHIPPED: tuple[tuple[VariantKey, Wording], ...] = (
    (VariantKey("qwen2.5", TaskType.CLASSIFICATION), _LABELS),
    (VariantKey("smollm2", TaskType.CLASSIFICATION), _LABELS),
)
