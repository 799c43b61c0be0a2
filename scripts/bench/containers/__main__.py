"""Measures how model containers live on a real Docker engine; see `scripts/bench/lifecycle`.

The engine is private (own socket, data and bridge), the sidecar is a process of its own, the models are real. Each
number stands beside a baseline from the same run. 20 decoy containers stand beside ours all the time.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.bench.containers.bench import Bench
from scripts.bench.containers.engine import private_engine
from scripts.bench.containers.found import Found
from scripts.bench.containers.measurements import MEASUREMENTS
from scripts.bench.table import print_table
from tests.fakes.real_weights import fetched

_PROGRAMS = ("dockerd", "containerd", "docker", "ip")


def main() -> None:
    """Measure, print a table, and with --json the numbers."""
    options = _options()
    _check_machine()
    weights = fetched()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a script's background job ignores otherwise
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        with private_engine() as engine, tempfile.TemporaryDirectory(prefix="aidbench") as folder:
            found = asyncio.run(_measured(Bench(engine, weights, Path(folder)), options.only or tuple(MEASUREMENTS)))
    except KeyboardInterrupt:
        sys.exit("stopped; everything that was started is gone")
    print_table([one.row for one in found], to_stderr=options.json)
    if options.json:
        print(json.dumps({one.key: one.number for one in found}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench/lifecycle", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument(
        "--only",
        action="append",
        choices=MEASUREMENTS,
        metavar="NAME",
        help=f"measure this alone, may be given again: {', '.join(MEASUREMENTS)}",
    )
    return parser.parse_args()


def _check_machine() -> None:
    if missing := [name for name in _PROGRAMS if shutil.which(name) is None]:
        sys.exit(f"scripts/bench/lifecycle needs {', '.join(missing)}; on Debian: apt install docker.io iproute2")
    if os.geteuid() != 0:
        sys.exit("scripts/bench/lifecycle needs root: nobody else may start a private Docker engine")


def _interrupted(_number: int, _frame: object) -> None:
    os.kill(os.getpid(), signal.SIGINT)  # the same end as after Ctrl-C


async def _measured(bench: Bench, names: Sequence[str]) -> list[Found]:
    """One after the other, in the table's order: the measurements must not disturb each other."""
    found = []
    with contextlib.closing(bench.docker):
        for measure in [measure for name, measure in MEASUREMENTS.items() if name in names]:
            print(measure.__doc__, file=sys.stderr, flush=True)
            found.append(await measure(bench))
    return found


if __name__ == "__main__":
    main()
