"""`ai-dispatch performance`: how dispatches went."""

from typing import Annotated

import typer
from rich.table import Table

from dispatcher.api.schemas import AgreedReply, PerformanceReply
from dispatcher.cli.client import ask
from dispatcher.cli.durations import seconds
from dispatcher.cli.options import AsJson, url_of
from dispatcher.cli.replies import one_line, read
from dispatcher.cli.screen import new_table, show_result, show_table
from dispatcher.core.record import GroupBy

_NUMBERS = ("dispatches", "success", "mean", "p50", "p90", "first token", "load", "tokens in", "tokens out", "P90 kept")


def performance(
    context: typer.Context,
    group_by: Annotated[GroupBy, typer.Option(help="What a row stands for.")] = GroupBy.MODEL,
    since: Annotated[str, typer.Option(help="How far back: 30m, 12h, 7d, or a UTC time like 2026-01-31.")] = "7d",
    as_json: AsJson = False,
) -> None:
    """Show how many dispatches succeeded, how long they took, and how many tokens they were.

    Times are of dispatches that succeeded. P90 kept is the share of them that was done within the time that was
    foretold to hold nine times in ten.

    \b
    Examples:
      ai-dispatch performance
      ai-dispatch performance --group-by task_type --since 24h
      ai-dispatch performance --group-by hour --since 2026-01-31 --json
    """
    query = {"group_by": str(group_by), "since": since}
    reply = ask(url_of(context), lambda client: client.get("/api/performance", query))
    if as_json:
        show_result(one_line(reply))
    else:
        show_table(_table(read(PerformanceReply, reply)))


def _table(reply: PerformanceReply) -> Table:
    caption = f"since {reply.since}{_auto(reply.auto_agreement.task_type)}"
    table = new_table(reply.group_by.replace("_", " "), *_NUMBERS, right=frozenset(_NUMBERS), caption=caption)
    for row in reply.rows:
        table.add_row(
            " / ".join(filter(None, (row.workflow_id, row.key))) or "unknown",
            str(row.dispatches),
            "–" if row.success_rate is None else f"{row.success_rate:.0%}",
            *map(seconds, (row.avg_total_s, row.p50_total_s, row.p90_total_s, row.avg_first_token_s, row.avg_load_s)),
            str(row.prompt_tokens),
            str(row.completion_tokens),
            "–" if row.p90_kept is None else f"{row.p90_kept:.0%}",
        )
    return table


def _auto(agreed: AgreedReply) -> str:
    """How well `auto` does, where anybody could tell."""
    return "" if agreed.share is None else f"; auto would have told {agreed.share:.0%} of {agreed.named} task types"
