"""The tables that this bench prints."""

from collections.abc import Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

from dispatcher.core.simulation.result import Result
from scripts.bench.queueing.outcome import End, Sum
from scripts.bench.queueing.simulated import Compared, ratio


def real_table(ours: Sum, fifo: Sum) -> Table:
    """Real servers."""
    table = Table("Real inference servers", "AI Dispatch", "FIFO + keep-alive", "ours ÷ FIFO")
    rows = (
        ("swaps", ours.swaps, fifo.swaps, "{:.0f}"),
        ("p50 completion, s", ours.p50_s, fifo.p50_s, "{:.1f}"),
        ("p90 completion, s", ours.p90_s, fifo.p90_s, "{:.1f}"),
        ("mean completion, s", ours.mean_s, fifo.mean_s, "{:.1f}"),
        ("deadline hits", ours.hits, fifo.hits, "{:.3f}"),
        ("answers per GB·s", ours.work_per_gb_s, fifo.work_per_gb_s, "{:.3f}"),
    )
    for name, mine, theirs, form in rows:
        table.add_row(name, form.format(mine), form.format(theirs), f"{mine / theirs:.2f}" if theirs else "–")
    for end in (End.REFUSED, End.LATE, End.STARVED, End.FAILED):
        table.add_row(end, str(ours.ends[end]), str(fifo.ends[end]), "")
    return table


def simulated_table(compared: Sequence[Compared]) -> Table:
    """Simulated workloads: medians over seeds of ours ÷ theirs, and what can't be a ratio as ours | theirs."""
    seeds = len(compared[0].ours)
    table = Table(title=f"Simulator: ours ÷ baseline, medians over {seeds} seeds; hits and starved: ours | baseline")
    for column in ("workload", "baseline", "swaps", "p90", "mean", "hits", "worst Δ", "work per GB·s", "starved"):
        table.add_column(column)
    for one in compared:
        sides = (("FIFO", one.fifo), ("collated", one.collated), (one.same[0].policy, one.same))
        for place, (name, theirs) in enumerate(sides):
            table.add_row(one.name if place == 0 else "", name, *_row(one.ours, theirs))
    return table


def _row(ours: Sequence[Result], theirs: Sequence[Result]) -> list[str]:
    worst = min(mine.deadline_hits - other.deadline_hits for mine, other in zip(ours, theirs, strict=True))
    return [
        f"{ratio(ours, theirs, lambda one: one.swaps):.2f}",
        f"{ratio(ours, theirs, lambda one: one.p90_s):.2f}",
        f"{ratio(ours, theirs, lambda one: one.mean_s):.2f}",
        f"{_hits(ours):.3f} | {_hits(theirs):.3f}",
        f"{worst * 100:+.1f} pp",
        f"{ratio(ours, theirs, lambda one: one.work_per_gb_s):.2f}",
        f"{max(one.starved for one in ours)} | {max(one.starved for one in theirs)}",
    ]


def _hits(results: Sequence[Result]) -> float:
    return median(one.deadline_hits for one in results)


def show(tables: Sequence[Table], *, to_stderr: bool) -> None:
    """Print them, away from stdout when something else is to be its last line."""
    console = Console(stderr=to_stderr, width=130)
    for table in tables:
        console.print(table)
