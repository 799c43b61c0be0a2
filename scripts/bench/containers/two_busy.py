"""How fast two models are that answer at the same time."""

import asyncio
import statistics
import time
from dataclasses import dataclass

from scripts.bench.containers.bench import Bench
from scripts.bench.containers.found import Found
from scripts.bench.containers.owner import Owner
from scripts.bench.table import Row

_ROUNDS, _BUSY_S, _LONG_TOKENS = 5, 6.0, 160
_LEFT, _RIGHT = "left", "right"


@dataclass(frozen=True, slots=True)
class Round:
    """Tokens a second of both models, alone and at once, measured within seconds of each other."""

    alone: tuple[float, float]
    both: tuple[float, float]

    @property
    def ratio(self) -> float:
        """What is left of a model's speed when the other is busy too; the mean of the two."""
        return statistics.mean(two / one for two, one in zip(self.both, self.alone, strict=True))


async def measure(bench: Bench) -> Found:
    """Long answers of two models, one after the other and at once."""
    async with bench.sidecar(memory_mib=2048, cores=2) as owner:
        for name in (_LEFT, _RIGHT):
            await owner.enter(name)
            await owner.ask(name)
        rounds = [await _round(owner) for _ in range(_ROUNDS)]
    ratios = sorted(one.ratio for one in rounds)
    ratio = round(statistics.median(ratios), 3)
    row = Row(
        f"tokens/s of each of two busy models (ratio {ratio:.2f}; median of {_ROUNDS} rounds, "
        f"{ratios[0]:.2f} to {ratios[-1]:.2f})",
        _medians([one.both for one in rounds]),
        "each alone, the same threads",
        _medians([one.alone for one in rounds]),
    )
    return Found("two_busy_speed_ratio", ratio, row)


async def _round(owner: Owner) -> Round:
    """Both stand between the two alone, so that a drift of the machine's speed cancels."""
    left = await _speed(owner, _LEFT)
    both = await asyncio.gather(_speed(owner, _LEFT), _speed(owner, _RIGHT))
    right = await _speed(owner, _RIGHT)
    return Round((left, right), both)


async def _speed(owner: Owner, model: str) -> float:
    """Tokens a second while decoding. The last answer doesn't count: the other model may be done already."""
    give_up_s = time.monotonic() + _BUSY_S
    answers: list[tuple[int, float]] = []
    while time.monotonic() < give_up_s:
        reply = await owner.ask(model, _LONG_TOKENS, prompt="Tell a very long story about a lighthouse.", timeout_s=60)
        timing = reply["timing"]
        answers.append((reply["usage"]["completion_tokens"] - 1, timing["total_s"] - timing["first_token_s"]))
    counted = answers[:-1] or answers
    return sum(tokens for tokens, _ in counted) / sum(seconds for _, seconds in counted)


def _medians(speeds: list[tuple[float, float]]) -> str:
    return " and ".join(f"{statistics.median(of_one):.1f}" for of_one in zip(*speeds, strict=True))
