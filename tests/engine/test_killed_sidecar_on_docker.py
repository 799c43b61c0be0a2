"""A sidecar that is killed at each step between wanting a container and having it ready leaves no orphan."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.engine.cut_proxy import CutProxy, Failure
from tests.engine.dockerd import PrivateEngine
from tests.engine.engine_gate import EngineGate, Step
from tests.engine.kept_on_docker import Kept
from tests.engine.pushed_image import LAYER_BYTES, pushed_image
from tests.engine.replicas import names, on, remove_all
from tests.engine.test_sidecar_on_docker import ENTRY
from tests.integration.waiting import until

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180)]

_CREATE, _START = "POST /containers/create", r"POST /containers/\w+/start"
_SLOWLY = 0.2  # of a core


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the test plays."""

    kept: Kept
    gate: EngineGate
    engine: PrivateEngine

    async def only_what_is_in_the_table(self) -> set[str]:
        """Wait until engine and table name the same containers, and return them."""

        async def alike() -> tuple[set[str]] | None:
            table = {f"ai-dispatch-{one['id']}" for one in await self.kept.containers()}
            return (table,) if table == await names(self.engine) else None

        (found,) = await until(alike, "the engine has no container that isn't in the table", 20)
        return found


@pytest.fixture
async def stage(engine: PrivateEngine, weights: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    async with EngineGate(engine.folder / "docker.sock", engine.folder / "gate.sock").running() as gate:
        kept = Kept(tmp_path, gate.address, weights)
        try:
            yield Stage(kept, gate, engine)
        finally:
            await kept.close()
            await asyncio.to_thread(remove_all, engine)


@pytest.mark.parametrize(
    ("step", "left"),
    [
        pytest.param(Step(_CREATE, is_answered=False), set(), id="create asked for"),
        pytest.param(Step(_CREATE, is_answered=True), {"created"}, id="created"),
        pytest.param(Step(_START, is_answered=False), {"created"}, id="start asked for"),
        pytest.param(Step(_START, is_answered=True), {"running"}, id="started"),
    ],
)
async def test_killed_while_the_engine_works_on_a_container(stage: Stage, step: Step, left: set[str]) -> None:
    await stage.kept.start()
    await stage.kept.call("POST", "/api/models", {"id": "boxed", **ENTRY}, expect=201)
    stage.gate.step = step
    await stage.kept.call("POST", "/api/models/boxed/start", expect=202)
    await asyncio.wait_for(stage.gate.reached.wait(), 30)
    await stage.kept.kill()
    stage.gate.drop()
    assert {item["State"] for item in await listed(stage.engine)} == left
    await nothing_is_left_over(stage)


async def test_killed_while_the_model_loads(stage: Stage) -> None:
    await stage.kept.start()
    await stage.kept.call("POST", "/api/models", {"id": "boxed", **ENTRY}, expect=201)
    stage.gate.step = Step(_START, is_answered=True)
    await stage.kept.call("POST", "/api/models/boxed/start", expect=202)
    await asyncio.wait_for(stage.gate.reached.wait(), 30)
    await lend_cores(stage.engine, _SLOWLY)
    stage.gate.pass_on()
    await until(in_state(stage.kept, "loading"), "it is loading", 60)
    await stage.kept.kill()
    await lend_cores(stage.engine, 1.0)
    await nothing_is_left_over(stage)


async def test_killed_as_soon_as_it_is_ready(stage: Stage) -> None:
    await stage.kept.start()
    await stage.kept.call("POST", "/api/models", {"id": "boxed", **ENTRY}, expect=201)
    await stage.kept.call("POST", "/api/models/boxed/start", expect=202)
    await until(in_state(stage.kept, "ready"), "it is ready", 60)
    before = await names(stage.engine)
    await stage.kept.kill()
    await nothing_is_left_over(stage, adopted=before)


async def test_killed_while_the_image_is_fetched(
    engine: PrivateEngine, weights: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pushed_image(engine, tmp_path_factory.mktemp("registry")) as pushed:
        async with CutProxy(pushed.address, Failure.STALL, LAYER_BYTES // 2).running() as proxy:
            kept = Kept(tmp_path, engine.address, weights, image_embedded=pushed.seen_through(proxy.address))
            try:
                await kept.start()
                await kept.call("POST", "/api/models", {"id": "boxed", **ENTRY}, expect=201)
                await kept.call("POST", "/api/models/boxed/start", expect=202)
                await asyncio.wait_for(proxy.failed.wait(), 60)
                (one,) = await kept.containers()
                assert one["state"] == "creating"
                assert one["fetching"]["done_bytes"] < one["fetching"]["total_bytes"]
                await kept.kill()
                assert await names(engine) == set()
                await kept.start()
                assert await kept.containers() == []
                assert (await kept.ask("boxed"))["text"]
                await kept.stop()
                assert await names(engine) == set()
            finally:
                await kept.close()
                await asyncio.to_thread(remove_all, engine)
                await asyncio.to_thread(pushed.forget, proxy.address)


async def nothing_is_left_over(stage: Stage, adopted: set[str] | None = None) -> None:
    """Start the next sidecar: what is on the engine is its own, answers, and goes with it."""
    await stage.kept.start()
    found = await stage.only_what_is_in_the_table()
    assert adopted is None or found == adopted
    reply = await stage.kept.ask("boxed")
    assert reply["text"]
    assert reply["decision"]["way"] == ("warm" if found else "load")
    now = await stage.only_what_is_in_the_table()
    assert len(now) == 1
    assert found in (set(), now)
    await stage.kept.stop()
    assert await names(stage.engine) == set()


def in_state(kept: Kept, state: str) -> Callable[[], Awaitable[bool]]:
    async def probe() -> bool:
        return [one["state"] for one in await kept.containers()] == [state]

    return probe


async def listed(engine: PrivateEngine) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await on(engine, lambda client: client.containers(all=True))
    return found


async def lend_cores(engine: PrivateEngine, cores: float) -> None:
    """Let all containers take no more of the processor than this."""

    def update(client: Any) -> None:
        for item in client.containers():
            client.update_container(item["Id"], cpu_period=100_000, cpu_quota=int(cores * 100_000))

    await on(engine, update)
