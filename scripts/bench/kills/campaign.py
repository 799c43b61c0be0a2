"""Killing a sidecar so many times under traffic, and starting it again on the same folder."""

import asyncio
import contextlib
import random
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from scripts.bench.kills.ledger import Ledger
from scripts.bench.kills.traffic import Traffic
from tests.fakes.ledger import overlaps_of, runs_of
from tests.integration.killed import Kept

POINTS = (
    "received",
    "accepted",
    "claimed",
    "sent",
    "first_byte",
    "last_byte",
    "answered",
    "committed",
    "answer_sent",
    "taken_back",
)
_PASSES_MAX = 6  # a point is passed up to so often before it strikes
_STRIKES_WITHIN_S = 8.0
_UP_WITHIN_S = 30.0
_RUNS_FOR_S = 0.8
_DURING_START = 0.2  # the share of random kills that don't wait until it answers
_DRAINS_WITHIN_S = 120.0
_SETTINGS = {"jobs_at_once": 4, "job_grace_s": 86_400, "log_level": "warning"}
_TOKEN = "a-token-that-only-this-bench-knows"  # noqa: S105 - of a sidecar on loopback, for as long as the bench lasts
_SLOTS = 2


@dataclass(frozen=True, slots=True)
class Found:
    """What the kills did."""

    kills: int
    kills_at_points: int
    jobs_acknowledged: int
    jobs_lost: int
    double_results: int
    overlapping_runs: int
    extra_runs: int
    plain_asked: int
    plain_lost: int


async def campaign(folder: Path, kills: int, seed: int) -> Found:
    """Kill a sidecar, on its folder, so often: every other time at a named point, else at a random moment."""
    rng = random.Random(seed)  # noqa: S311 - no secret depends on it
    (folder / "admin.token").write_text(_TOKEN)
    ledger, worked = Ledger(), folder / "worked"
    # The engine works on for a while when its caller is gone, as real ones do.
    behaviour = {"ledger": str(worked), "token_delay_s": 0.01, "lingers_s": 0.5}
    kept = Kept(folder, behaviour=behaviour, slots=_SLOTS, settings=_SETTINGS)
    at_points = 0
    try:
        async with aiohttp.ClientSession(
            kept.base_url,
            headers={"Authorization": f"Bearer {_TOKEN}"},
            timeout=aiohttp.ClientTimeout(total=60),
        ) as http:
            traffic = Traffic(http, ledger, rng)
            async with traffic.flowing():
                for kill in range(kills):
                    at_points += await _kill_once(
                        kept, http, rng, POINTS[kill // 2 % len(POINTS)] if kill % 2 else None
                    )
                    if sys.stderr.isatty():
                        print(f"\r{kill + 1} of {kills} kills", end="", file=sys.stderr, flush=True)
                await kept.start()
            await traffic.drain(_DRAINS_WITHIN_S)
            await traffic.look_again()
    finally:
        await kept.close()
    ours = set(ledger.prompts.values())
    runs = {prompt: count for prompt, count in runs_of(worked).items() if prompt in ours}
    return Found(
        kills=kills,
        kills_at_points=at_points,
        jobs_acknowledged=len(ledger.prompts),
        jobs_lost=len(ledger.lost),
        double_results=len(ledger.doubled),
        overlapping_runs=sum(prompt in ours for prompt in overlaps_of(worked)),
        extra_runs=sum(runs.values()) - len(runs),
        plain_asked=ledger.plain_asked,
        plain_lost=ledger.plain_lost,
    )


async def _kill_once(kept: Kept, http: aiohttp.ClientSession, rng: random.Random, point: str | None) -> bool:
    """Start it and have it killed; whether a named point did it."""
    if point is not None:
        await kept.launch(crash={"point": point, "after": rng.randrange(_PASSES_MAX) if point != "taken_back" else 0})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STRIKES_WITHIN_S):
                await kept.ended()
                return True
    else:
        await kept.launch()
        if rng.random() >= _DURING_START:
            await _until_up(http)
        await asyncio.sleep(rng.uniform(0, _RUNS_FOR_S))
    await kept.end(signal.SIGKILL)
    return False


async def _until_up(http: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(_UP_WITHIN_S):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get("/health"):
                    return
            await asyncio.sleep(0.02)
