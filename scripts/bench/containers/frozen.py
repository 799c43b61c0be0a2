"""How much slower warm dispatches are while the engine is frozen."""

import itertools
import statistics
from collections.abc import Sequence

from scripts.bench.containers.bench import Bench
from scripts.bench.containers.found import Found
from scripts.bench.containers.owner import Owner
from scripts.bench.containers.waits import until
from scripts.bench.table import Row

_BLOCKS, _BLOCK = 6, 300  # of dispatches, for each state of the engine; seconds each, so that it is missed
_WARM_UPS = 20


async def measure(bench: Bench) -> Found:
    """Warm dispatches while dockerd is frozen, and while it isn't."""
    healthy: list[list[float]] = []
    frozen: list[list[float]] = []
    async with bench.sidecar(memory_mib=2048) as owner:
        await owner.enter("warm")
        for _ in range(_WARM_UPS):
            await owner.ask("warm")
        for number in range(2 * _BLOCKS):
            if number % 4 in (1, 2):  # so that a drift harms neither
                frozen.append(await _frozen_block(bench, owner))
            else:
                healthy.append(await _block(owner))
    return _found(frozen, healthy)


async def _frozen_block(bench: Bench, owner: Owner) -> list[float]:
    with bench.frozen():
        block = await _block(owner)
    await until(owner.sees_docker, "the sidecar sees the engine again", 30)
    return block


async def _block(owner: Owner) -> list[float]:
    """Seconds of each of so many warm dispatches."""
    return [await owner.timed("warm") for _ in range(_BLOCK)]


def _found(frozen: Sequence[Sequence[float]], healthy: Sequence[Sequence[float]]) -> Found:
    frozen_s, healthy_s = _p99(frozen), _p99(healthy)
    row = Row(
        f"p99 of warm dispatches, dockerd frozen ({_BLOCKS} blocks of {_BLOCK}; p50 {_ms(_p50(frozen))})",
        _ms(frozen_s),
        "dockerd healthy",
        f"{_ms(healthy_s)} (p50 {_ms(_p50(healthy))})",
    )
    return Found("frozen_p99_ratio", round(frozen_s / healthy_s, 3), row)


def _p99(blocks: Sequence[Sequence[float]]) -> float:
    """The median of the blocks' own: one block that something else disturbed doesn't decide."""
    return statistics.median(statistics.quantiles(block, n=100)[98] for block in blocks)


def _p50(blocks: Sequence[Sequence[float]]) -> float:
    return statistics.median(itertools.chain.from_iterable(blocks))


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
