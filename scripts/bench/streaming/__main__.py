"""Measures how long a piece of a streamed answer takes through the sidecar; see `scripts/bench/stream`.

Each piece holds the moment at which the inference server wrote it; the caller compares that with the moment at which
it got it. The same streams go directly, through a bare aiohttp proxy and through the sidecar, by turns.
"""

import argparse
import asyncio
import contextlib
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import aiohttp

from scripts.bench.streaming.serve import MODEL
from scripts.bench.table import Row, print_table

_UPSTREAM, _PROXY, _SIDECAR = (38_201, 38_202, 38_203)
_WARM_UP = 10
_STAMP = re.compile(rb"\b\d{10,}(?= )")
_CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "What time is it?"}], "stream": True}
_DISPATCH = {"prompt": "What time is it?", "model": MODEL, "stream": True}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the inference server, and how many milliseconds first and later pieces took on it."""

    url: str
    body: object
    first_ms: list[float] = field(default_factory=list)
    later_ms: list[float] = field(default_factory=list)


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
        stack.enter_context(_program("upstream", "--port", str(_UPSTREAM)))
        stack.enter_context(_program("proxy", "--port", str(_PROXY), "--upstream", f"http://127.0.0.1:{_UPSTREAM}"))
        stack.enter_context(_program("serve", "--port", str(_SIDECAR), "--folder", folder))
        asyncio.run(_measure(ways, options.rounds))
    _tell(*ways, as_json=options.json)


@contextlib.contextmanager
def _program(name: str, *arguments: str) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-P", "-m", f"scripts.bench.streaming.{name}", *arguments]) as process:
        try:
            yield
        finally:
            process.terminate()


async def _measure(ways: Sequence[Way], rounds: int) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        for way in ways:
            await _until_it_streams(session, way)
        for _ in range(rounds):
            for way in ways:
                times_ms = await _stream(session, way)
                way.first_ms.append(times_ms[0])
                way.later_ms.extend(times_ms[1:])


async def _until_it_streams(session: aiohttp.ClientSession, way: Way) -> None:
    give_up_s = time.monotonic() + 60
    streams = 0
    while streams < _WARM_UP:
        try:
            streams += bool(await _stream(session, way))
        except (aiohttp.ClientError, OSError):
            if time.monotonic() > give_up_s:
                sys.exit(f"nothing streams at {way.url}")
            await asyncio.sleep(0.1)


async def _stream(session: aiohttp.ClientSession, way: Way) -> list[float]:
    """Milliseconds from writing to getting, for each piece of one answer."""
    got_ns: dict[bytes, int] = {}
    async with session.post(way.url, json=way.body) as response:
        response.raise_for_status()
        async for block in response.content.iter_any():
            now_ns = time.monotonic_ns()
            for stamp in _STAMP.findall(block):
                got_ns.setdefault(stamp, now_ns)  # the sidecar's last event repeats them all
    return [(now_ns - int(stamp)) / 1e6 for stamp, now_ns in got_ns.items()]


def _tell(direct: Way, proxy: Way, ours: Way, *, as_json: bool) -> None:
    added = {
        "first": [_added_ms(way.first_ms, direct.first_ms) for way in (ours, proxy)],
        "later": [_added_ms(way.later_ms, direct.later_ms) for way in (ours, proxy)],
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


def _added_ms(times_ms: Sequence[float], direct_ms: Sequence[float]) -> float:
    return statistics.median(times_ms) - statistics.median(direct_ms)


def _p99(times_ms: Sequence[float]) -> float:
    return statistics.quantiles(times_ms, n=100)[98]


main()
