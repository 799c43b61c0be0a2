"""Which models have containers that may hold memory, asked of the engine many times a second."""

import asyncio
import time

from scripts.bench.containers.bench import Bench

_SAMPLE_S = 0.02
_EMPTY_HANDED = ("exited", "dead", "removing")

Sample = tuple[str, ...]  # the model of each container


class Sampler:
    """Asks the engine every 20 ms, until `is_over`."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.is_over = False

    async def run(self) -> list[Sample]:
        """All samples, once `is_over`."""
        samples = []
        next_s = time.monotonic()
        while not self.is_over:
            samples.append(await asyncio.to_thread(self._sample))
            next_s = max(next_s + _SAMPLE_S, time.monotonic())
            await asyncio.sleep(next_s - time.monotonic())
        return samples

    def _sample(self) -> Sample:
        there = [item for item in self._bench.listed() if item["State"] not in _EMPTY_HANDED]
        return tuple(sorted(item["Labels"]["ai-dispatch.model"] for item in there))
