"""How soon a sidecar that was killed has its replicas again."""

import asyncio
import statistics
import sys
import time

from scripts.bench.containers.bench import Bench
from scripts.bench.containers.found import Found
from scripts.bench.containers.owner import Owner
from scripts.bench.containers.waits import until
from scripts.bench.table import Row

_REPLICAS, _TIMES = 10, 5
_NAMES = tuple(f"box{number}" for number in range(_REPLICAS))


async def measure(bench: Bench) -> Found:
    """A sidecar with 10 replicas is killed and started again."""
    async with bench.sidecar(memory_mib=16_384, idle_stop_s=3600) as owner:
        empty_s = [await _relaunched_s(owner, replicas=0) for _ in range(_TIMES)]
        await _fill(owner)
        took_s = [await _reconciled_s(bench, owner) for _ in range(_TIMES)]
        await _check_warm(owner)
    reconcile_s = round(statistics.median(took_s), 3)
    row = Row(
        f"kill -9, until {_REPLICAS} replicas are ready again (median of {_TIMES})",
        f"{reconcile_s:.2f} s (worst {max(took_s):.2f} s)",
        "start with no containers",
        f"{statistics.median(empty_s):.2f} s",
    )
    return Found("reconcile_s", reconcile_s, row)


async def _fill(owner: Owner) -> None:
    """One replica of each model."""
    for name in _NAMES:
        await owner.enter(name)
        await owner.call("POST", f"/api/models/{name}/start")
    await until(lambda: owner.has_ready(_REPLICAS), "all replicas are ready", 180)


async def _reconciled_s(bench: Bench, owner: Owner) -> float:
    """Seconds to find all replicas again; they must be the same ones."""
    ready, running = await owner.ready_ids(), await asyncio.to_thread(bench.ours)
    took_s = await _relaunched_s(owner, replicas=_REPLICAS)
    again, still = await owner.ready_ids(), await asyncio.to_thread(bench.ours)
    if again != ready or still != running:
        sys.exit(f"after kill -9 there are other replicas: {sorted(again ^ ready)}")
    return took_s


async def _relaunched_s(owner: Owner, *, replicas: int) -> float:
    """Seconds from a start after kill -9 until so many replicas are ready."""
    await asyncio.to_thread(owner.process.kill)
    begun_s = time.monotonic()
    owner.process.launch()
    await until(lambda: owner.has_ready(replicas), "all replicas are found again", 60)
    return time.monotonic() - begun_s


async def _check_warm(owner: Owner) -> None:
    ways = {(await owner.ask(name))["decision"]["way"] for name in _NAMES}
    if ways != {"warm"}:
        sys.exit(f"replicas that were found again didn't answer warm but: {sorted(ways)}")
