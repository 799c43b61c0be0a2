"""How many containers are made for many callers of one cold model."""

import asyncio
import time

from scripts.bench.containers.bench import ONE_REPLICA_MIB, Bench
from scripts.bench.containers.found import Found
from scripts.bench.table import Row

_CALLERS = 200


async def measure(bench: Bench) -> Found:
    """200 callers of one cold model at once, with memory for one replica: with more, the queue is given a second."""
    async with bench.sidecar(memory_mib=ONE_REPLICA_MIB) as owner:
        await owner.enter("wanted")
        since = time.time()
        replies = await asyncio.gather(*(owner.ask("wanted", timeout_s=170) for _ in range(_CALLERS)))
        until = time.time()
    after_s = await asyncio.to_thread(_made_after_s, bench, since, until)
    load_s = max(reply["timing"]["load_s"] for reply in replies)
    cold = sum(made_s <= load_s for made_s in after_s)
    at = ", ".join(f"{made_s:.1f}" for made_s in after_s)
    row = Row(
        f"containers made for {_CALLERS} callers of a cold model ({cold} until it was ready; after {at} s)",
        f"{len(after_s)}",
        "each caller starts what it needs",
        f"{_CALLERS}",
    )
    return Found("creates_for_200_callers", len(after_s), row)


def _made_after_s(bench: Bench, since: float, until: float) -> list[float]:
    """When the engine made a container between these times, in seconds after the first."""
    filters = {"type": "container", "event": ["create"]}
    # The engine takes whole seconds.
    events = bench.docker.events(since=int(since) - 1, until=int(until) + 1, filters=filters, decode=True)
    after_s = sorted(event["timeNano"] / 1e9 - since for event in events)
    return [made_s for made_s in after_s if made_s >= 0]
