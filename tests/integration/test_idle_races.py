"""Requests that come at the very moment at which their replica is stopped for being idle."""

import asyncio
import random

import pytest

from dispatcher import app
from tests.fakes.server_host import ServerHost
from tests.integration.conftest import Client, StartSidecar
from tests.unit.core.builders import spec

_MODELS, _RACES = 8, 25
_IDLE_S = 0.05
_JITTER_S, _STEP_S = 0.004, 0.003
_SEED = 7


@pytest.mark.heavy
async def test_two_hundred_requests_at_the_moment_of_an_idle_stop_are_answered_at_the_first_try(
    start_sidecar: StartSidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "ProcessHost", ServerHost)
    models = [spec(f"m{number}", load_s=0.1) for number in range(_MODELS)]  # so cheap to load that none is kept
    client = await start_sidecar(*models, idle_stop_s=_IDLE_S)
    async with asyncio.timeout(60):
        raced = (races(client, model.id, random.Random(_SEED + number)) for number, model in enumerate(models))
        ways = [way for one in await asyncio.gather(*raced) for way in one]
    assert len(ways) == 200
    assert set(ways) == {"warm", "load"}
    assert min(ways.count("warm"), ways.count("load")) > 40, "the requests did come at about that moment"


async def races(client: Client, model: str, rng: random.Random) -> list[str]:
    """Ask when the replica is about to be stopped; how each was answered: by it, or by another.

    The moment is found, and followed as the machine grows slower, by waiting longer after each that came too early.
    """
    await client.ask(model=model)
    wait_s = _IDLE_S
    ways = []
    for _ in range(_RACES):
        await asyncio.sleep(max(0.0, wait_s + rng.uniform(-_JITTER_S, _JITTER_S)))
        reply = await client.ask(model=model)
        assert [attempt["succeeded"] for attempt in reply["attempts"]] == [True]
        ways.append(reply["decision"]["way"])
        wait_s += _STEP_S if ways[-1] == "warm" else -_STEP_S
    return ways
