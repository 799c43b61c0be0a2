"""The tables that the routing bench prints, with what must be said beside them."""

from rich.console import Console
from rich.table import Table as Printed

from scripts.bench.routes.offline import Offline


def show_offline(found: Offline, *, to_stderr: bool) -> None:
    """Print one data set's routers, and what was spent at a price that was fixed beforehand."""
    table = Printed("Router", "AIQ", "best quality", "saved at 99 % (read off)", title=found.name)
    for name, row in found.summaries.items():
        table.add_row(name, f"{row.aiq:.4f}", f"{row.quality_max:.4f}", f"{row.saved_at_99:.1%}")
    console, over = Console(stderr=to_stderr), found.over_table
    console.print(table)
    console.print(f"AIQ less the rule table's: {over.mean:+.4f} [{over.low:+.4f}, {over.high:+.4f}] (paired bootstrap)")
    for name, spent in (("AI Dispatch", found.spent), ("rule table", found.table_spent)):
        console.print(
            f"{name}, price fixed by cross-validation for 99 %: kept {spent.kept:.1%} of the best single model's "
            f"quality, saved {spent.saved:.1%} of its cost ({spent.saved_at_99:.1%} when topped up to 99 %)"
        )
    console.print(
        f"A node's own history goes {found.closed_to_node:.0%} of the way to the best model for each node, known only "
        f"afterwards ({found.closed_to_prompt:.1%} to the best for each prompt, which is mostly luck)"
    )
    console.print("* is told which benchmark a prompt comes from, as no router is\n")


def show_pair(mean: float, deviation: float, *, to_stderr: bool) -> None:
    """Print the comparison with RouteLLM, and why it is not quite like for like."""
    Console(stderr=to_stderr).print(
        f"RouteLLM's MMLU rows, 1,500 labels: APGR {mean:.3f} (sd {deviation:.3f} over draws); best published .603. "
        "Caveat: ours learned outcomes of the same benchmark, theirs mostly preferences of the arena\n"
    )
