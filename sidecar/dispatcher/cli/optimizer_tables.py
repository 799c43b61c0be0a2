"""What the optimizer says, as lines and as a table."""

from collections.abc import Iterator, Sequence

from rich.table import Table

from dispatcher.api.optimizer_schemas import OptimizedReply, RuleReply
from dispatcher.cli.screen import harmless, new_table


def findings_lines(reply: OptimizedReply) -> Iterator[str]:
    """What was found, a line each, and what all suggestions save."""
    yield from (finding.message for finding in reply.findings)
    if reply.trained:
        yield reply.trained
    if reply.rankings:
        yield f"rankings: {len(reply.rankings)} places brought up to date"
    if reply.rules:
        yield f"suggestions: {len(reply.rules)}, {reply.saves_gb_s:.0f} GB·s a day"
    if not (reply.findings or reply.rules or reply.rankings or reply.trained):
        yield f"nothing to say yet of what came since {reply.since}"


def rules_table(rules: Sequence[RuleReply]) -> Table:
    """A row for each rule; the numbers before and after are in the JSON."""
    table = new_table(
        *("rule", "state", "model", "change", "GB·s a day", "why"),
        right=frozenset({"GB·s a day"}),
        whole=frozenset({"state", "change"}),
        caption=f"rules: {len(rules)}",
    )
    for rule in rules:
        table.add_row(
            str(rule.id),
            rule.state,
            rule.model,
            f"{rule.kind} {_number(rule, rule.before)} → {_number(rule, rule.after)}",
            f"{rule.saves_gb_s:.0f}",
            harmless(rule.verdict or rule.why),
        )
    return table


def _number(rule: RuleReply, value: float) -> str:
    """A number as the kind means it: an idle time of 0 is the usual one."""
    return "usual" if rule.kind == "idle_stop_s" and not value else f"{value:g}"
