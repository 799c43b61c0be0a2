"""Kills a sidecar while it answers jobs, and checks that none is lost; see `scripts/bench/kill`.

The sidecar is a process of its own, its engines are the fake ones of the tests: they note, on disk, what they work on,
and work on for half a second when their caller is gone. The baseline is the same work in the same run, asked for with
`/api/dispatch` and waited for in one call.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from scripts.bench.kills.campaign import Found, campaign
from scripts.bench.table import Row, print_table


def main() -> None:
    """Kill, print a table, and with --json the numbers."""
    options = _options()
    for name in [name for name in os.environ if name.startswith("AI_DISPATCH_")]:
        del os.environ[name]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a script's background job ignores otherwise
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        with tempfile.TemporaryDirectory(prefix="aidkill") as folder:
            found = asyncio.run(campaign(Path(folder), options.n, options.seed))
    except KeyboardInterrupt:
        sys.exit("stopped; everything that was started is gone")
    print_table(_rows(found), to_stderr=options.json)
    if options.json:
        print(json.dumps({**asdict(found), "seed": options.seed}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench/kill", description=__doc__)
    parser.add_argument("--n", type=int, default=100, help="how many kills (100)")
    parser.add_argument("--seed", type=int, default=1, help="of the random times and points (1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser.parse_args()


def _interrupted(_number: int, _frame: object) -> None:
    os.kill(os.getpid(), signal.SIGINT)  # the same end as after Ctrl-C


def _rows(found: Found) -> list[Row]:
    plain = "the same with /api/dispatch"
    return [
        Row("Kills, of which at a named point", f"{found.kills}, {found.kills_at_points}", "", ""),
        Row(
            "Acknowledged jobs that were lost",
            f"{found.jobs_lost} of {found.jobs_acknowledged}",
            plain,
            f"{found.plain_lost} of {found.plain_asked}",
        ),
        Row("Jobs with two results", str(found.double_results), "", ""),
        Row("Runs of one job at the same time", str(found.overlapping_runs), "", ""),
        Row("Runs that had to be made again", str(found.extra_runs), "at most, 4 run at once", str(4 * found.kills)),
    ]


if __name__ == "__main__":
    main()
