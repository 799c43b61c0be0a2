"""How much slower warm dispatches are while the engine is frozen."""

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.bench.containers.bench import Bench
from scripts.bench.containers.found import Found
from scripts.bench.containers.owner import Owner
from scripts.bench.containers.waits import until
from scripts.bench.table import Row

_PAIRS, _BLOCK = 6, 300  # of blocks; dispatches in each: seconds, so that the engine is missed
_WARM_UPS = 20


@dataclass(frozen=True, slots=True)
class Pair:
    """Seconds of each dispatch of two blocks that came one after the other."""

    frozen: Sequence[float]
    healthy: Sequence[float]

    @property
    def ratio(self) -> float:
        """How much worse the frozen block's p99 is."""
        return _p99_s(self.frozen) / _p99_s(self.healthy)


async def measure(bench: Bench) -> Found:
    """Warm dispatches while dockerd is frozen, and while it isn't."""
    async with bench.sidecar(memory_mib=2048) as owner:
        await owner.enter("warm")
        for _ in range(_WARM_UPS):
            await owner.ask("warm")
        # In turns, so that a drift harms neither.
        pairs = [await _pair(bench, owner, frozen_first=number % 2 == 1) for number in range(_PAIRS)]
    return _found(pairs)


async def _pair(bench: Bench, owner: Owner, *, frozen_first: bool) -> Pair:
    """Two blocks within seconds of each other: what else the machine does harms both, or one pair."""
    if frozen_first:
        frozen = await _frozen_block(bench, owner)
        return Pair(frozen, await _block(owner))
    healthy = await _block(owner)
    return Pair(await _frozen_block(bench, owner), healthy)


async def _frozen_block(bench: Bench, owner: Owner) -> list[float]:
    with bench.frozen():
        block = await _block(owner)
    await until(owner.sees_docker, "the sidecar sees the engine again", 30)
    return block


async def _block(owner: Owner) -> list[float]:
    """Seconds of each of so many warm dispatches."""
    return [await owner.timed("warm") for _ in range(_BLOCK)]


def _found(pairs: Sequence[Pair]) -> Found:
    ratio = round(statistics.median(pair.ratio for pair in pairs), 3)
    frozen, healthy = [pair.frozen for pair in pairs], [pair.healthy for pair in pairs]
    row = Row(
        f"p99 of warm dispatches, dockerd frozen ({_PAIRS} blocks of {_BLOCK}; p50 {_p50(frozen)}; "
        f"median ratio {ratio:.2f})",
        _p99(frozen),
        "dockerd healthy",
        f"{_p99(healthy)} (p50 {_p50(healthy)})",
    )
    return Found("frozen_p99_ratio", ratio, row)


def _p99_s(block: Sequence[float]) -> float:
    return statistics.quantiles(block, n=100)[98]


def _p99(blocks: Sequence[Sequence[float]]) -> str:
    """The median of the blocks' own: one block that something else disturbed doesn't decide."""
    return _ms(statistics.median(map(_p99_s, blocks)))


def _p50(blocks: Sequence[Sequence[float]]) -> str:
    return _ms(statistics.median(itertools.chain.from_iterable(blocks)))


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
