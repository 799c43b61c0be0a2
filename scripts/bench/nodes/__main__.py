"""Measures what the n8n node costs beyond the sidecar; see `scripts/bench/node`.

Per item: a real n8n runs the node over 50 items, by turns with a plain client that hands the same 50 jobs to the same
sidecar and collects them; the models are fakes that are loaded. Longest request: 500 items in one run through a proxy
that writes down how long each answer took, while the model takes longer to load than any request may last.
"""

import argparse
import json
import tempfile
from pathlib import Path

from scripts.bench.nodes.per_item import PerItem, per_item
from scripts.bench.nodes.requests import LOAD_S, Requests, requests_of_a_run
from scripts.bench.table import Row, print_table
from tests.e2e.n8n import N8n
from tests.e2e.n8n_server import running_server
from tests.e2e.package import packed

_ITEMS, _MANY = 50, 500


def main() -> None:
    """Measure, print a table, and with --json the numbers."""
    parser = argparse.ArgumentParser(prog="scripts/bench/node", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--rounds", type=int, default=9, help="runs of the node, and of the plain client (9)")
    parser.add_argument("--n8n", type=Path, required=True, help="the folder that scripts/setup-n8n made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tarball = packed(folder)
        n8n = N8n(options.n8n, folder / "n8n")
        n8n.install(tarball)
        with running_server(n8n) as server:
            items = per_item(server, folder / "warm", _ITEMS, options.rounds)
            many = requests_of_a_run(server, folder / "cold", _MANY)
        tarball_kib = tarball.stat().st_size / 1024
    print_table(_rows(items, many, tarball_kib), to_stderr=options.json)
    if options.json:
        numbers = {
            "per_item_ms": items.added_ms,
            "longest_request_s": many.longest_s,
            "tarball_kib": tarball_kib,
            "node_per_item_ms": items.node_ms,
            "client_per_item_ms": items.client_ms,
            "requests_of_500_items": many.count,
            "run_of_500_items_s": many.run_s,
        }
        print(json.dumps({name: round(number, 2) for name, number in numbers.items()}))


def _rows(items: PerItem, many: Requests, tarball_kib: float) -> list[Row]:
    plain, added = "plain client, per item", f"{items.added_ms:.2f} ms"
    longest = f"{many.longest_s:.1f} s of {many.run_s:.0f} s"
    return [
        Row("The node, per item of 50, median", f"{items.node_ms:.2f} ms", plain, f"{items.client_ms:.2f} ms"),
        Row("Its part of that, median of pairs", added, "target", "≤ 30 ms"),
        Row(f"Longest request, 500 items, {LOAD_S:.0f} s load", longest, "target", "≤ 30 s"),
        Row("Requests of that run", str(many.count), "a request per item", "500"),
        Row("The package as npm publishes it", f"{tarball_kib:.1f} KiB", "target", "≤ 60 kB"),
    ]


main()
