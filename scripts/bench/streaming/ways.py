"""Ways by which streams reach a caller, and how long each piece takes on them."""

import asyncio
import contextlib
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import aiohttp

_WARM_UP = 10
_STAMP = re.compile(rb"\b\d{10,}(?= )")


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the inference server, and how many milliseconds first and later pieces took on it."""

    url: str
    body: object
    first_ms: list[float] = field(default_factory=list)
    later_ms: list[float] = field(default_factory=list)


@contextlib.contextmanager
def program(name: str, *arguments: str) -> Iterator[None]:
    """Run a program of this folder while the block runs."""
    with subprocess.Popen([sys.executable, "-P", "-m", f"scripts.bench.streaming.{name}", *arguments]) as process:
        try:
            yield
        finally:
            process.terminate()


async def measure(ways: Sequence[Way], rounds: int) -> None:
    """Stream so many times through each, by turns."""
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


def added_ms(times_ms: Sequence[float], direct_ms: Sequence[float]) -> float:
    """By how much the median is later than without anything between."""
    return statistics.median(times_ms) - statistics.median(direct_ms)
