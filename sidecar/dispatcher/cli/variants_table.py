"""Prompt variants as a table."""

from rich.table import Table

from dispatcher.api.variant_schemas import VariantReply, VariantScoreReply, VariantsReply
from dispatcher.cli.screen import harmless, new_table

_HEAD_CHARS = 60
_NOTHING = "–"


def variants_table(reply: VariantsReply) -> Table:
    """A row for each variant; its whole texts are in the JSON."""
    table = new_table(
        *("variant", "state", "dispatches", "success", "reward", "against", "says", "why"),
        right=frozenset({"dispatches", "success", "reward", "against"}),
        caption=f"variants: {len(reply.variants)}",
    )
    for one in reply.variants:
        table.add_row(
            f"{one.family}/{one.task_type}/{one.version}",
            one.state,
            str(one.score.dispatches),
            _share(one.score.success),
            _share(one.score.reward),
            _against(one.against),
            harmless(_head(one)),
            harmless(one.why),
        )
    return table


def _against(score: VariantScoreReply) -> str:
    return f"{_share(score.success)} / {_share(score.reward)}"


def _share(share: float | None) -> str:
    return _NOTHING if share is None else f"{share:.1%}"


def _head(variant: VariantReply) -> str:
    """The beginning of what it says, and what else there is of it."""
    text = " ".join((variant.system or variant.json_instruction or "").split())
    parts = [text if len(text) <= _HEAD_CHARS else f"{text[: _HEAD_CHARS - 1]}…"] if text else []
    if variant.examples:
        parts.append(f"{len(variant.examples)} examples")
    if variant.show_schema:
        parts.append("the schema")
    return " + ".join(parts)
