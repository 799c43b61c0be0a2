"""Images come from a real registry, with progress, once for all who want them, and a stall has an end."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatcher.core.replica import Fetching
from dispatcher.errors import ReplicaStartFailed
from dispatcher.hosts.docker import DockerHost
from dispatcher.runtimes.openai import OpenAIRuntime
from tests.engine.dockerd import PrivateEngine
from tests.engine.registry import registry, silent_registry
from tests.engine.replicas import IMAGE, Replicas, ignore, on

pytestmark = pytest.mark.docker


@pytest.fixture
async def replicas(
    weights: Path, tmp_path: Path, runtime: OpenAIRuntime, engine: PrivateEngine
) -> AsyncIterator[Replicas]:
    made = Replicas(weights, tmp_path, runtime, engine)
    yield made
    await made.close()


@pytest.fixture
def registry_address(tmp_path: Path) -> Iterator[str]:
    if shutil.which("docker-registry") is None:
        pytest.skip("PULLS FROM A REAL REGISTRY LEFT OUT: no docker-registry (apt install docker-registry)")
    with registry(tmp_path) as address:
        yield address


async def test_an_image_is_fetched_once_with_progress(
    replicas: Replicas, engine: PrivateEngine, registry_address: str
) -> None:
    image = f"{registry_address}/inference:1"

    def push(client: Any) -> None:
        client.tag(IMAGE, image)
        client.push(image)
        client.remove_image(image)
        client.remove_image(IMAGE)

    def restore(client: Any) -> None:
        client.tag(image, IMAGE)
        client.remove_image(image)

    await on(engine, push)
    try:
        host = replicas.host(image=image)
        heard: list[list[Fetching]] = [[], []]
        order = replicas.order(host)
        await asyncio.gather(*(host.prepare(order, one.append) for one in heard))
        assert heard[0] == heard[1], "both listen to one pull"
        done = [fetching.done_bytes for fetching in heard[0]]
        assert len(done) > 1
        assert done == sorted(done)
        assert done[-1] == heard[0][-1].total_bytes
        assert done[-1] > 10_000_000
        started = await replicas.start(host, order)
        await host.stop(started.id, 1.0)
    finally:
        await replicas.close()
        await on(engine, restore)


async def test_an_unknown_image_is_told_in_the_registrys_words(replicas: Replicas, registry_address: str) -> None:
    host = replicas.host(image=f"{registry_address}/nothing:1")
    with pytest.raises(ReplicaStartFailed, match=r"nothing:1 isn't here and can't be fetched: .*unknown"):
        await host.prepare(replicas.order(host), ignore)


async def test_a_pull_that_stalls_is_given_up_and_may_be_tried_again(replicas: Replicas, engine: PrivateEngine) -> None:
    with silent_registry() as address:
        settings = replicas.settings(image=f"{address}/slow:1")
        host = DockerHost(settings, engine.address, stall_s=2.0)
        for _ in range(2):
            before_s = time.monotonic()
            with pytest.raises(ReplicaStartFailed, match="slow:1 isn't here"):
                await host.prepare(replicas.order(host), ignore)
            assert 1.0 < time.monotonic() - before_s < 4.0
        await host.close()


async def test_a_caller_who_leaves_does_not_abort_the_pull(replicas: Replicas, engine: PrivateEngine) -> None:
    with silent_registry() as address:
        host = DockerHost(replicas.settings(image=f"{address}/slow:1"), engine.address, stall_s=2.0)
        first = asyncio.create_task(host.prepare(replicas.order(host), ignore))
        second = asyncio.create_task(host.prepare(replicas.order(host), ignore))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(ReplicaStartFailed):
            await second
        await host.close()
