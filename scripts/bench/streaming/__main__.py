"""Measures how long a piece of a streamed answer takes through the sidecar; see `scripts/bench/stream`.

Each piece holds the moment at which the inference server wrote it; the caller compares that with the moment at which
it got it. The same streams go directly, through a bare aiohttp proxy and through the sidecar, by turns.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import tempfile
from collections.abc import Sequence

from scripts.bench.streaming.serve import MODEL
from scripts.bench.streaming.ways import Way, added_ms, measure, program
from scripts.bench.table import Row, print_table

_UPSTREAM, _PROXY, _SIDECAR = (38_201, 38_202, 38_203)
_CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "What time is it?"}], "stream": True}
_DISPATCH = {"prompt": "What time is it?", "model": MODEL, "stream": True}


def main() -> None:
    """Measure, print a table, and with --json the numbers."""
    parser = argparse.ArgumentParser(prog="scripts/bench/stream", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--rounds", type=int, default=60, help="streams through each (60)")
    options = parser.parse_args()
    ways = [
        Way(f"http://127.0.0.1:{_UPSTREAM}/v1/chat/completions", _CHAT),
        Way(f"http://127.0.0.1:{_PROXY}/v1/chat/completions", _CHAT),
        Way(f"http://127.0.0.1:{_SIDECAR}/api/dispatch", _DISPATCH),
    ]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        stack.enter_context(program("upstream", "--port", str(_UPSTREAM)))
        stack.enter_context(program("proxy", "--port", str(_PROXY), "--upstream", f"http://127.0.0.1:{_UPSTREAM}"))
        stack.enter_context(program("serve", "--port", str(_SIDECAR), "--folder", folder))
        asyncio.run(measure(ways, options.rounds))
    _tell(*ways, as_json=options.json)


def _tell(direct: Way, proxy: Way, ours: Way, *, as_json: bool) -> None:
    added = {
        "first": [added_ms(way.first_ms, direct.first_ms) for way in (ours, proxy)],
        "later": [added_ms(way.later_ms, direct.later_ms) for way in (ours, proxy)],
        "first_p99": [_p99(way.first_ms) - _p99(direct.first_ms) for way in (ours, proxy)],
    }
    words = {
        "first": "First piece, held up for, median",
        "first_p99": "First piece, the slowest of a hundred",
        "later": "Each later piece, median",
    }
    rows = [
        Row(words[key], f"{added[key][0]:.2f} ms", "bare aiohttp proxy", f"{added[key][1]:.2f} ms") for key in words
    ]
    print_table(rows, to_stderr=as_json)
    if as_json:
        numbers = {
            "first_chunk_ms": added["first"][0],
            "first_chunk_p99_ms": added["first_p99"][0],
            "later_chunk_ms": added["later"][0],
            "proxy_first_chunk_ms": added["first"][1],
            "ratio_to_proxy": added["first"][0] / added["first"][1],
        }
        print(json.dumps({key: round(number, 3) for key, number in numbers.items()}))


def _p99(times_ms: Sequence[float]) -> float:
    return statistics.quantiles(times_ms, n=100)[98]


main()
