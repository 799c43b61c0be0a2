"""Rankers as a table."""

from rich.table import Table

from dispatcher.api.learning_schemas import RankerReply, RankersReply
from dispatcher.cli.screen import harmless, new_table


def rankers_table(reply: RankersReply) -> Table:
    """A row for each ranker; all the evidence is in the JSON."""
    table = new_table(
        *("ranker", "state", "made", "from", "gain", "why"),
        right=frozenset({"from", "gain"}),
        whole=frozenset({"state", "made", "gain"}),
    )
    for ranker in reply.rankers:
        table.add_row(
            ranker.id,
            ranker.state,
            ranker.created_at or "with this package",
            _rows(ranker),
            _gain(ranker),
            harmless(ranker.why),
        )
    return table


def _rows(ranker: RankerReply) -> str:
    rows = ranker.card.get("rows")
    return f"{rows} outcomes" if isinstance(rows, int) else "–"


def _gain(ranker: RankerReply) -> str:
    """What it is estimated to add to a dispatch's utility, and the least of that."""
    found = ranker.evidence
    return f"{found.gain:+.3f} (≥ {found.gain_low95:+.3f})" if found else "–"
