"""Prompt variants that come with the package, as candidates: for models they were measured with, and no others.

Measured by scripts/bench/wording with Qwen2.5 Coder 0.5B. SmolLM2 135M then gives one label to nearly everything and
finds fewer values: it has none.
"""

from dispatcher.core.task import TaskType
from dispatcher.core.variants import VariantKey
from dispatcher.core.wording import Example, Wording

LABELS = Wording(
    system=(
        "You choose labels. Unless the text asks for more, answer with one of the labels it names, and nothing else."
    ),
    examples=(
        Example("Is this animal a bird or a fish?\n\nIt lives in the lake and has gills.", "fish"),
        Example("Sort this message into urgent, later or spam:\nWin a free holiday now!!!", "spam"),
    ),
)
COPIED = Wording(
    json_instruction="Copy the values from the text, word for word, into one JSON value that fits this JSON schema:",
    shows_schema=True,
)

SHIPPED: tuple[tuple[VariantKey, Wording], ...] = (
    (VariantKey("qwen2.5", TaskType.CLASSIFICATION), LABELS),
    (VariantKey("qwen2.5", TaskType.EXTRACTION), COPIED),
)
