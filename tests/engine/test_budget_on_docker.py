"""The memory budget, as the engine sees it: never exceeded at any instant, whatever is asked in whatever order."""

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.engine.dockerd import PrivateEngine
from tests.engine.replicas import names
from tests.engine.test_sidecar_on_docker import ENTRY, Owner, running

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

_MODELS = ("boxed", "other", "third", "fourth")
_FOR_S, _CLIENTS, _EVERY_S = 12.0, 4, 0.02
_SEED = 7
_LIMIT_FACTOR = 1.5  # of a replica's footprint is the limit that its container is given
_REFUSALS = ("no_eligible_model", "deadline_infeasible", "deadline_exceeded", "runtime_unreachable")

Sample = dict[str, tuple[str, int]]  # each replica's model, and the memory reserved for it, in MiB


async def test_the_budget_is_never_exceeded_under_a_random_workload(
    engine: PrivateEngine, weights: Path, tmp_path: Path
) -> None:
    async with running(engine, weights, tmp_path, memory_mib=2048) as owner:
        footprint_mib = (await owner.call("GET", "/api/models/boxed"))["memory_mib"]
    budget_mib = 2 * footprint_mib + footprint_mib // 2
    async with running(engine, weights, tmp_path, memory_mib=budget_mib) as owner:
        for name in _MODELS[2:]:
            await owner.call("POST", "/api/models", {"id": name, **ENTRY}, expect=201)
        rng = random.Random(_SEED)
        sampling = asyncio.create_task(asyncio.to_thread(sampled, engine, time.monotonic() + _FOR_S))
        clients = (client(owner, random.Random(rng.random()), sampling) for _ in range(_CLIENTS))
        codes = list(itertools.chain(*await asyncio.gather(*clients)))
        samples = await sampling
    taken_mib = [sum(mib for _, mib in one.values()) for one in samples]
    assert max(taken_mib) <= budget_mib, f"seed {_SEED}"
    assert set(codes) <= {"", *_REFUSALS}, f"seed {_SEED}"
    assert codes.count("") > len(codes) / 2
    # It was a test: more was wanted than fits, and containers came and went all the time.
    assert {model for one in samples for model, _ in one.values()} == set(_MODELS)
    assert max(taken_mib) > budget_mib / 2
    assert sum(one.keys() != two.keys() for one, two in itertools.pairwise(samples)) >= 3
    assert await names(engine) == set()


async def client(owner: Owner, rng: random.Random, until: asyncio.Task[Any]) -> list[str]:
    """Ask one model after another, now and then stop one; the error codes of its dispatches, empty when answered."""
    codes = []
    while not until.done():
        name = rng.choice(_MODELS)
        if rng.random() < 0.1:
            await owner.call("POST", f"/api/models/{name}/stop", expect=202)
        asked = {"prompt": "Name a colour.", "model": name}
        limits = {"max_tokens": rng.randint(1, 24), "timeout": 30}
        async with owner.http.post("/api/dispatch", json={**asked, "requirements": limits}) as response:
            codes.append((await response.json()).get("error", {}).get("code", ""))
    return codes


def sampled(engine: PrivateEngine, until_s: float) -> Sequence[Sample]:
    """The containers that may hold memory, every 20 ms. Blocks."""
    samples = []
    with contextlib.closing(engine.client()) as docker:
        while (begun_s := time.monotonic()) < until_s:
            samples.append(sample(docker.containers(all=True)))
            time.sleep(max(0.0, begun_s + _EVERY_S - time.monotonic()))
    return samples


def sample(containers: Sequence[dict[str, Any]]) -> Sample:
    orders = [
        orjson.loads(container["Labels"]["ai-dispatch.order"])
        for container in containers
        if container["State"] not in ("exited", "dead", "removing")
    ]
    return {one["replica_id"]: (one["model_id"], round(one["memory_limit_mib"] / _LIMIT_FACTOR)) for one in orders}
