"""How much longer a cold dispatch takes to load than `docker run` takes to be ready."""

import asyncio
import contextlib
import statistics
import subprocess
import time
from collections.abc import Iterator
from typing import Any

from scripts.bench.containers.bench import Bench
from scripts.bench.containers.found import Found
from scripts.bench.containers.image import IMAGE, USER
from scripts.bench.containers.owner import Owner
from scripts.bench.containers.waits import until, until_healthy
from scripts.bench.table import Row
from tests.fakes.launched import free_port

_TIMES = 7
_PLAIN = "plain"


async def measure(bench: Bench) -> Found:
    """Cold dispatches and plain `docker run`, in turn."""
    async with bench.sidecar(memory_mib=2048) as owner:
        await owner.enter("cold")
        pairs = [await _pair(bench, owner) for _ in range(_TIMES + 1)][1:]  # the first finds cold caches
    ours_s, plain_s = (statistics.median(times) for times in zip(*pairs, strict=True))
    overhead_ms = round(1000 * statistics.median(ours - plain for ours, plain in pairs), 1)
    row = Row(
        f"cold dispatch, time to load (median of {_TIMES}; {overhead_ms:+.0f} ms in the median pair)",
        f"{ours_s:.3f} s",
        "plain docker run until /health is 200",
        f"{plain_s:.3f} s",
    )
    return Found("start_overhead_ms", overhead_ms, row)


async def _pair(bench: Bench, owner: Owner) -> tuple[float, float]:
    """Seconds to load of one cold dispatch, and of the same container without us."""
    reply = await owner.ask("cold")
    (container_id,) = bench.ours()
    attributes = bench.docker.inspect_container(container_id)
    await owner.call("POST", "/api/models/cold/stop")
    await until(owner.is_empty, "the replica is stopped", 30)
    return float(reply["timing"]["load_s"]), await _plain_s(bench, attributes)


async def _plain_s(bench: Bench, like: dict[str, Any]) -> float:
    """Seconds from `docker run` of the same image, arguments and environment until it is ready."""
    port = free_port()
    line = ["docker", f"--host={bench.engine.address}", "run", "--detach", f"--name={_PLAIN}", f"--user={USER}"]
    line += [f"--volume={bench.weights.parent}:/models:ro", f"--publish=127.0.0.1:{port}:8080"]
    line += [f"--env={variable}" for variable in like["Config"]["Env"] or ()]
    line += [IMAGE, *like["Config"]["Cmd"]]
    begun_s = time.monotonic()
    with _removed_at_the_end(bench):
        await asyncio.to_thread(subprocess.run, line, check=True, capture_output=True)
        # Only now: a connection that comes before the container's address is up waits a second for the network.
        await until_healthy(f"http://127.0.0.1:{port}", "the plain container is ready", 60)
        return time.monotonic() - begun_s


@contextlib.contextmanager
def _removed_at_the_end(bench: Bench) -> Iterator[None]:
    try:
        yield
    finally:
        bench.docker.remove_container(_PLAIN, force=True)
