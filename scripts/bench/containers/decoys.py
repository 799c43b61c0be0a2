"""Whether containers of others are left alone."""

import asyncio

from scripts.bench.containers import lookalikes
from scripts.bench.containers.bench import ONE_REPLICA_MIB, Bench
from scripts.bench.containers.found import Found
from scripts.bench.containers.waits import until
from scripts.bench.table import Row

_MODELS = ("warm", "box0")  # two of the look-alikes bear these names


async def measure(bench: Bench) -> Found:
    """Look-alike containers, after replicas beside them were started, evicted, found again and stopped."""
    await _live_a_life(bench)
    touched = await asyncio.to_thread(lookalikes.touched, bench.docker, bench.decoys)
    mistakable = await asyncio.to_thread(lookalikes.mistakable, bench.docker, bench.decoys)
    row = Row(
        f"of {lookalikes.COUNT} look-alike containers, stopped or removed",
        f"{touched}",
        "who goes by the name or the label managed",
        f"{mistakable}",
    )
    return Found("decoys_touched", touched, row)


async def _live_a_life(bench: Bench) -> None:
    """All that may stop or remove a container: eviction, adoption after kill -9, an admin's stop, the end."""
    async with bench.sidecar(memory_mib=ONE_REPLICA_MIB) as owner:
        for name in _MODELS:
            await owner.enter(name)
            await owner.ask(name)
        await until(lambda: owner.has_ready(1), "the first model is evicted", 30)
        await asyncio.to_thread(owner.process.kill)
        owner.process.launch()
        await until(lambda: owner.has_ready(1), "the replica is found again", 60)
        await owner.call("POST", f"/api/models/{_MODELS[1]}/stop")
        await until(owner.is_empty, "the replica is stopped", 30)
        await owner.ask(_MODELS[0])
