"""Compares schedulers on real inference servers and in the simulator; see `scripts/bench/mixed`."""

import argparse
import json

from scripts.bench.queueing.outcome import Sum, sum_of
from scripts.bench.queueing.real import run
from scripts.bench.queueing.simulated import compare
from scripts.bench.queueing.tables import real_table, show, simulated_table


def main() -> None:
    """Measure, print the tables, and with --json the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--simulate", action="store_true", help="leave out the real servers")
    parser.add_argument("--rounds", type=int, default=2, help="rounds on real servers, for each side")
    parser.add_argument("--seeds", type=int, default=20, help="seeds for each simulated workload")
    asked = parser.parse_args()
    if asked.simulate:
        show([simulated_table(compare(asked.seeds))], to_stderr=asked.json)
        return
    compared = run(asked.rounds)
    ours, fifo = sum_of(compared.ours), sum_of(compared.fifo)
    show([real_table(ours, fifo)], to_stderr=asked.json)
    show([simulated_table(compare(asked.seeds))], to_stderr=asked.json)
    if asked.json:
        print(json.dumps(_numbers(ours, fifo)))


def _numbers(ours: Sum, fifo: Sum) -> dict[str, float | bool]:
    return {
        "swaps_ratio": round(ours.swaps / max(1, fifo.swaps), 3),
        "p90_ratio": round(ours.p90_s / fifo.p90_s, 3),
        "mean_ratio": round(ours.mean_s / fifo.mean_s, 3),
        "work_per_gbs_ratio": round(ours.work_per_gb_s / fifo.work_per_gb_s, 3),
        "deadline_hits_delta": round((ours.hits - fifo.hits) * 100, 2),
        "longest_wait_within_bound": ours.starved == 0,
    }


main()
