"""Measures learned choosing on recorded outcomes; see `scripts/bench/routing`."""

import argparse
import json
import sys
from pathlib import Path

from scripts.bench.routes.deciding import deciding, show_deciding
from scripts.bench.routes.offline import measure, pair_apgr
from scripts.bench.routes.online import online
from scripts.bench.routes.scenarios import scenarios
from scripts.bench.routes.tables import show_offline, show_pair
from scripts.bench.routes.timing import show_timing, timing

_DRAWS, _QUICK_DRAWS = 1000, 200  # of the paired bootstrap
_REPEATS = 2  # of the cross-validation by which a price is chosen
_LABEL_DRAWS, _QUICK_LABEL_DRAWS = 8, 3
_QUICK_SEEDS = 2

KEYS = (
    "llmrouter9_aiq",
    "llmrouter9_aiq_minus_table_low95",
    "llmrouter9_saved_at_99",
    "llmrouter9_online_gain",
    "llmrouter9_online_last_quarter",
    "llmrouter9_online_first500",
    "llmrouter9_online_prior_gain",
    "mmlupro10_aiq_minus_table_low95",
    "mmlupro10_online_gain",
    "routellm_mmlu_apgr_1500",
    "node_key_gap_closed",
    "p90_coverage",
    "p90_coverage_after_drift",
    "decide_p50_us",
    "decide_p99_us",
    "train_100k_s",
    "train_rss_mib",
)
"""The numbers of the last line, in order; what wasn't measured is null."""


def main() -> None:
    """Measure, print the tables, and with --json the numbers."""
    parser = argparse.ArgumentParser(prog="routing", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of tables to fit on")
    parser.add_argument("--judge", type=Path, help="folder of tables to measure on; else 30 %% of --data, held out")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--seeds", type=int, default=8, help="seeds of what plays online")
    parser.add_argument("--quick", action="store_true", help="fewer draws")
    asked = parser.parse_args()
    numbers = _offline(asked) | _online(asked) | _timing(asked) | _deciding(asked)
    if asked.json:
        print(json.dumps({key: numbers.get(key) for key in KEYS}))


def _timing(asked: argparse.Namespace) -> dict[str, float]:
    found = timing(quick=asked.quick)
    show_timing(found, to_stderr=asked.json)
    return found


def _deciding(asked: argparse.Namespace) -> dict[str, float]:
    found = deciding(quick=asked.quick)
    show_deciding(found, to_stderr=asked.json)
    return found


def _offline(asked: argparse.Namespace) -> dict[str, float]:
    draws = _QUICK_DRAWS if asked.quick else _DRAWS
    nine = measure(asked.data, asked.judge, "llmrouter9", draws, _REPEATS)
    show_offline(nine, to_stderr=asked.json)
    ten = measure(asked.data, asked.judge, "mmlupro10", draws)
    show_offline(ten, to_stderr=asked.json)
    mean, deviation = pair_apgr(asked.data, asked.judge, _QUICK_LABEL_DRAWS if asked.quick else _LABEL_DRAWS)
    show_pair(mean, deviation, to_stderr=asked.json)
    return {
        "llmrouter9_aiq": round(nine.summaries["AI Dispatch"].aiq, 4),
        "llmrouter9_aiq_minus_table_low95": round(nine.over_table.low, 4),
        "llmrouter9_saved_at_99": round(nine.spent.saved_at_99, 4),
        "mmlupro10_aiq_minus_table_low95": round(ten.over_table.low, 4),
        "routellm_mmlu_apgr_1500": round(mean, 4),
        "node_key_gap_closed": round(nine.closed_to_node, 4),
    }


def _online(asked: argparse.Namespace) -> dict[str, float]:
    to = sys.stderr if asked.json else sys.stdout
    seeds = min(asked.seeds, _QUICK_SEEDS) if asked.quick else asked.seeds
    scenarios(seeds, to)
    found = online(asked.data, asked.judge, seeds, quick=asked.quick, to=to)
    return {name: round(number, 4) for name, number in found.items()}


if __name__ == "__main__":
    main()
