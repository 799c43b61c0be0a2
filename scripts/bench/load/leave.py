"""Measures what callers leave behind who hang up at any moment; see `scripts/bench/leave`.

They leave while they wait for a slot, while their model is loaded, while it answers. There is room for three of the
four models, so that models come and go all the time. The baseline is the same through a bare proxy.
"""

import argparse
import asyncio
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

from scripts.bench.load.models import MEMORY_MIB, MODELS
from scripts.bench.load.numbers import percentile
from scripts.bench.load.run import Target, bare_proxy, sidecar
from scripts.bench.table import Row, print_table

_AT_ONCE = 24
_STAYS_S = (0.0, 4.0)
_SETTLE_S = 20.0
_UPSTREAM = Path(__file__).with_name("upstream.py")
_GAUGES = re.compile(r"^ai_dispatch_(?:in_flight|waiting) (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Left:
    """What was left behind, and of the answers that had begun how long each went on without its caller, in seconds."""

    slots: int
    tasks: int
    fds: int
    went_on_s: tuple[float, ...]
    answers_for_nobody: int


def main() -> None:
    """Measure, print a table, and with --json the numbers."""
    parser = argparse.ArgumentParser(prog="scripts/bench/leave", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--n", type=int, default=1000, help="how many callers (1000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aidleave") as name:
        folder, log = Path(name), Path(name) / "answers.log"
        program = [sys.executable, str(_UPSTREAM), str(log)]
        memory_mib = str(MEMORY_MIB * 3 // 4)
        with sidecar(folder / "ours", "--program", json.dumps(program), "--memory-mib", memory_mib) as target:
            admin = (folder / "ours" / "admin.token").read_text().strip()
            ours = asyncio.run(_measured(target, log, options.n, admin))
        log.unlink()
        with bare_proxy(folder / "bare", program) as target:
            bare = asyncio.run(_measured(target, log, min(options.n, 200), None))
    _tell(options.n, ours, bare, as_json=options.json)


async def _measured(target: Target, log: Path, count: int, admin: str | None) -> Left:
    """The first hundred warm it up: pools of threads and connections fill once."""
    rng = random.Random(5)  # noqa: S311 - the same callers each time
    await _come_and_leave(target, range(-min(100, count), 0), rng)
    await asyncio.sleep(_SETTLE_S / 4)
    tasks, fds = _tasks(target, admin), _fds(target)
    left_s = await _come_and_leave(target, range(count), rng)
    print(f"{len(left_s)} of {count} callers hung up before their answer", file=sys.stderr)
    slots, tasks_more, fds_more = 0, 0, 0
    over_s = time.monotonic() + _SETTLE_S
    while time.monotonic() < over_s:  # what ends in the background, a stop for example, takes a moment
        await asyncio.sleep(0.2)
        slots = await _slots(target, admin)
        tasks_more, fds_more = max(0, _tasks(target, admin) - tasks), max(0, _fds(target) - fds)
        if slots + tasks_more + fds_more == 0:
            break
    ended = [json.loads(line) for line in (await asyncio.to_thread(log.read_text)).splitlines()]
    after = [(at_s - left_s[who], is_whole) for who, at_s, is_whole in ended if who in left_s]
    went_on_s = tuple(gap_s for gap_s, _ in after if gap_s > 0)
    for_nobody = sum(is_whole for gap_s, is_whole in after if gap_s > 0)
    return Left(slots, tasks_more, fds_more, went_on_s, for_nobody)


async def _come_and_leave(target: Target, numbers: Sequence[int], rng: random.Random) -> dict[str, float]:
    """Have callers come, at most so many at once; when each hung up, by what it asked, if it did before its answer."""
    left_s: dict[str, float] = {}
    places = asyncio.Semaphore(_AT_ONCE)
    headers = {"Authorization": f"Bearer {target.token}"}

    async def come(number: int, stays_s: float, body: dict[str, object]) -> None:
        asked = f"caller {number}"
        connector = aiohttp.TCPConnector(force_close=True)
        async with places, aiohttp.ClientSession(headers=headers, connector=connector) as http:
            try:
                async with (
                    asyncio.timeout(stays_s),
                    http.post(f"{target.address}/api/dispatch", json={"prompt": asked, **body}) as response,
                ):
                    await response.read()
            except TimeoutError:
                left_s[asked] = time.monotonic()

    async with asyncio.TaskGroup() as callers:
        for number in numbers:
            body = {
                "model": rng.choice(MODELS),
                "stream": rng.random() < 0.5,
                "requirements": {"max_tokens": 200, "timeout": 60},
                "context": {"workflow_id": f"workflow {number % 7}"},
            }
            callers.create_task(come(number, rng.uniform(*_STAYS_S), body))
    return left_s


async def _slots(target: Target, admin: str | None) -> int:
    """How many dispatches a sidecar believes to have in hand."""
    if admin is None:
        return 0
    headers = {"Authorization": f"Bearer {admin}"}
    async with aiohttp.ClientSession(headers=headers) as http, http.get(f"{target.address}/metrics") as response:
        return round(sum(map(float, _GAUGES.findall(await response.text()))))


def _tasks(target: Target, admin: str | None) -> int:
    return 0 if admin is None else target.tasks()


def _fds(target: Target) -> int:
    return psutil.Process(target.process.pid).num_fds()


def _tell(count: int, ours: Left, bare: Left, *, as_json: bool) -> None:
    ours_ms, bare_ms = (percentile(left.went_on_s, 0.99) * 1000 for left in (ours, bare))
    rows = [
        Row(f"Slots still taken after {count} callers left", f"{ours.slots}", "bare proxy", "has none"),
        Row("Tasks more than before", f"{ours.tasks}", "bare proxy", "unknown"),
        Row("File descriptors more than before", f"{ours.fds}", "bare proxy", f"{bare.fds}"),
        Row(
            f"An answer goes on without its caller, p99 ({len(ours.went_on_s)} did)",
            f"{ours_ms:.0f} ms",
            f"bare proxy ({len(bare.went_on_s)} did)",
            f"{bare_ms:.0f} ms",
        ),
        Row("Answers written to the end for nobody", f"{ours.answers_for_nobody}", "", f"{bare.answers_for_nobody}"),
    ]
    print_table(rows, to_stderr=as_json)
    if as_json:
        numbers = {
            "left": count,
            "leaked_slots": ours.slots,
            "leaked_tasks": ours.tasks,
            "leaked_fds": ours.fds,
            "cut_midway": len(ours.went_on_s),
            "upstream_closed_p99_ms": round(ours_ms, 1),
            "answers_for_nobody": ours.answers_for_nobody,
        }
        print(json.dumps(numbers))


if __name__ == "__main__":
    main()
