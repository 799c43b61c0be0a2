"""A whole sidecar whose models are containers: real Docker, real llama.cpp, real weights."""

import asyncio
import signal
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dispatcher.app import Sidecar, sidecar
from dispatcher.settings import load_settings
from tests.engine.dockerd import PrivateEngine
from tests.engine.replicas import IMAGE, names, on, remove_all
from tests.integration.waiting import until

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

SMALL = "smollm2-135m-instruct"
ENTRY = {"engine": "embedded", "reference": SMALL, "host": "docker", "parameters_b": 0.135, "context_tokens": 1024}


@dataclass(frozen=True, slots=True)
class Owner:
    """A caller with the admin token."""

    sidecar: Sidecar
    http: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: object = None, expect: int = 200) -> dict[str, Any]:
        async with self.http.request(method, path, json=body) as response:
            reply: dict[str, Any] = await response.json()
            assert response.status == expect, reply
            return reply

    async def ask(self, expect: int = 200, **body: object) -> dict[str, Any]:
        asked = {"prompt": "Name a colour.", "requirements": {"max_tokens": 8, "timeout": 60}, **body}
        return await self.call("POST", "/api/dispatch", asked, expect)

    async def containers(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.call("GET", "/api/containers"))["containers"]
        return found


@asynccontextmanager
async def running(engine: PrivateEngine, weights: Path, folder: Path, **settings: object) -> AsyncIterator[Owner]:
    """A sidecar on this engine, with the models `boxed` and `other`."""
    given = {
        "port": 0,
        "cores": 2,
        "data_dir": folder,
        "weights_dir": weights.parent,
        "docker_host": engine.address,
        "docker_user": "65532:65532",
        "image_embedded": IMAGE,
        **settings,
    }
    async with sidecar(load_settings(given)) as running_sidecar:
        token = (folder / "admin.token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(running_sidecar.base_url, headers=headers) as http:
            owner = Owner(running_sidecar, http)
            there = {model["id"] for model in (await owner.call("GET", "/api/models"))["models"]}
            for name in {"boxed", "other"} - there:
                await owner.call("POST", "/api/models", {"id": name, **ENTRY}, expect=201)
            yield owner


@pytest.fixture
async def owner(engine: PrivateEngine, weights: Path, tmp_path: Path) -> AsyncIterator[Owner]:
    async with running(engine, weights, tmp_path) as found:
        yield found
    assert await names(engine) == set(), "stopping the sidecar leaves no container behind"


async def test_a_container_is_made_answers_and_goes_with_the_sidecar(owner: Owner, engine: PrivateEngine) -> None:
    reply = await owner.ask(model="boxed")
    assert reply["text"]
    assert reply["decision"]["way"] == "load"
    (one,) = await owner.containers()
    assert (one["host"], one["state"], one["model"]) == ("docker", "ready", "boxed")
    assert await names(engine) == {f"ai-dispatch-{one['id']}"}


async def test_two_hundred_callers_of_a_cold_model_make_one_container(
    engine: PrivateEngine, weights: Path, tmp_path: Path
) -> None:
    # With more memory the queue would be given a second replica once the first is up.
    async with running(engine, weights, tmp_path, memory_mib=700) as owner:
        limits = {"max_tokens": 1, "timeout": 120}
        replies = await asyncio.gather(*(owner.ask(model="boxed", requirements=limits) for _ in range(200)))
        assert len({reply["dispatch_id"] for reply in replies}) == 200
        assert len(await names(engine)) == 1


async def test_a_model_that_does_not_fit_beside_another_takes_its_place(
    engine: PrivateEngine, weights: Path, tmp_path: Path
) -> None:
    async with running(engine, weights, tmp_path, memory_mib=800) as owner:
        await owner.ask(model="boxed")
        reply = await owner.ask(model="other")
        assert reply["decision"]["way"] == "evict"
        (one,) = await owner.containers()
        assert one["model"] == "other"
        assert await names(engine) == {f"ai-dispatch-{one['id']}"}


async def test_a_container_that_is_removed_behind_our_back_is_replaced(owner: Owner, engine: PrivateEngine) -> None:
    await owner.ask(model="boxed")
    (name,) = await names(engine)
    await on(engine, lambda client: client.remove_container(name, force=True))
    assert (await owner.ask(model="boxed"))["text"]
    assert await names(engine) != {name}


async def test_a_missing_image_is_told_and_others_are_served(
    engine: PrivateEngine, weights: Path, tmp_path: Path
) -> None:
    async with running(engine, weights, tmp_path, image_embedded="127.0.0.1:9/no/such:1") as owner:
        reply = await owner.ask(model="boxed", expect=503)
        assert reply["error"]["code"] == "replica_start_failed"
        assert "no/such" in reply["error"]["message"]
        assert (await owner.ask(model=SMALL))["text"]
        assert "boxed" in (await owner.call("GET", "/ready"))["parts"]["models"]["detail"]


async def test_memory_counts_until_a_frozen_engine_has_really_stopped_a_replica(
    own_engine: PrivateEngine, weights: Path, tmp_path: Path
) -> None:
    async with running(own_engine, weights, tmp_path) as owner:
        await owner.ask(model="boxed")
        own_engine.signal(signal.SIGSTOP)
        try:
            await owner.call("POST", "/api/models/boxed/stop", expect=202)

            async def put_off() -> bool:
                return (await owner.call("GET", "/ready"))["parts"]["docker"]["status"] == "degraded"

            await until(put_off, "the engine is known to be silent", 30)
            (one,) = await owner.containers()
            assert one["state"] == "draining"
            assert (await owner.call("GET", "/api/containers"))["memory_reserved_mib"] == one["memory_reserved_mib"] > 0
        finally:
            own_engine.signal(signal.SIGCONT)

        async def gone() -> bool:
            return await owner.containers() == []

        await until(gone, "the stop is made good", 60)
        assert await names(own_engine) == set()


async def test_a_frozen_engine_does_not_slow_warm_models_and_refuses_cold_ones_soon(
    own_engine: PrivateEngine, weights: Path, tmp_path: Path
) -> None:
    async with running(own_engine, weights, tmp_path) as owner:
        await owner.ask(model="boxed")
        own_engine.signal(signal.SIGSTOP)
        try:
            times = []
            for _ in range(5):
                begun_s = time.monotonic()
                assert (await owner.ask(model="boxed"))["decision"]["way"] == "warm"
                times.append(time.monotonic() - begun_s)
            assert statistics.median(times) < 5
            begun_s = time.monotonic()
            reply = await owner.ask(model="other", expect=503)
            assert reply["error"]["code"] == "host_unreachable"
            assert reply["error"]["retryable"]
            assert time.monotonic() - begun_s < 10

            async def told() -> bool:
                return (await owner.call("GET", "/ready"))["parts"]["docker"]["status"] == "degraded"

            await until(told, "/ready says that Docker doesn't answer", 30)
            reply = await owner.ask(model="other", expect=503)
            assert (reply["error"]["code"], reply["error"]["retry_after_s"]) == ("host_unreachable", 10)
        finally:
            own_engine.signal(signal.SIGCONT)

        async def answers_again() -> bool:
            return (await owner.call("GET", "/ready"))["parts"]["docker"]["status"] == "ok"

        await until(answers_again, "/ready says that Docker answers", 60)
        assert (await owner.ask(model="other"))["text"], "what Docker couldn't do isn't held against the model"
    await asyncio.to_thread(remove_all, own_engine)
