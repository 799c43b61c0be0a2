"""A pull that breaks off at half: never half an image, and the next try works."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dispatcher.core.replica import Fetching
from dispatcher.errors import ReplicaStartFailed
from dispatcher.hosts.docker import DockerHost
from dispatcher.runtimes.openai import OpenAIRuntime
from tests.engine.cut_proxy import CutProxy, Failure
from tests.engine.dockerd import PrivateEngine
from tests.engine.pushed_image import LAYER_BYTES, Pushed, pushed_image
from tests.engine.replicas import Replicas, ignore, names

pytestmark = pytest.mark.docker
_STALL_S = 4.0


@pytest.fixture(scope="module")
def pushed(engine: PrivateEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pushed]:
    with pushed_image(engine, tmp_path_factory.mktemp("registry")) as found:
        yield found


@pytest.fixture
async def replicas(
    weights: Path, tmp_path: Path, runtime: OpenAIRuntime, engine: PrivateEngine
) -> AsyncIterator[Replicas]:
    made = Replicas(weights, tmp_path, runtime, engine)
    yield made
    await made.close()


async def test_a_pull_whose_connection_is_cut_at_half_is_taken_up_again_and_the_image_is_whole(
    replicas: Replicas, engine: PrivateEngine, pushed: Pushed
) -> None:
    async with wire_that_fails_at_half(pushed, replicas, Failure.CUT) as proxy:
        host = replicas.host(image=pushed.seen_through(proxy.address))
        heard: list[Fetching] = []
        order = replicas.order(host)
        preparing = asyncio.create_task(host.prepare(order, heard.append))
        await asyncio.wait_for(proxy.failed.wait(), 60)
        assert not await asyncio.to_thread(pushed.is_here, proxy.address)
        assert not any(is_whole(fetching) for fetching in heard)
        with pytest.raises(ReplicaStartFailed, match="No such image"):
            await host.start(replicas.order(host))
        await preparing  # the engine itself tries again, after five seconds
        done = [fetching.done_bytes for fetching in heard]
        assert 0 < done[0] < LAYER_BYTES <= done[-1]
        assert done == sorted(done)
        assert is_whole(heard[-1])
        await replicas.start(host, order)


async def test_a_pull_that_stalls_at_half_fails_and_the_next_one_brings_the_whole_image(
    replicas: Replicas, engine: PrivateEngine, pushed: Pushed
) -> None:
    async with wire_that_fails_at_half(pushed, replicas, Failure.STALL) as proxy:
        image = pushed.seen_through(proxy.address)
        host = DockerHost(replicas.settings(image=image), engine.address, stall_s=_STALL_S)
        heard: list[Fetching] = []
        order = replicas.order(host)
        with pytest.raises(ReplicaStartFailed, match="isn't here and can't be fetched"):
            await host.prepare(order, heard.append)
        assert proxy.failed.is_set()
        assert any(0 < fetching.done_bytes < LAYER_BYTES for fetching in heard)
        assert not any(is_whole(fetching) for fetching in heard)
        assert not await asyncio.to_thread(pushed.is_here, proxy.address)
        with pytest.raises(ReplicaStartFailed, match="No such image"):
            await host.start(replicas.order(host))
        assert await names(engine) == set()
        await host.prepare(order, ignore)
        await replicas.start(host, order)
        await host.close()


@asynccontextmanager
async def wire_that_fails_at_half(pushed: Pushed, replicas: Replicas, failure: Failure) -> AsyncIterator[CutProxy]:
    """A wire to the registry; what was fetched over it, and what runs of it, is gone afterwards."""
    async with CutProxy(pushed.address, failure, LAYER_BYTES // 2).running() as proxy:
        try:
            yield proxy
        finally:
            await replicas.close()
            await asyncio.to_thread(pushed.forget, proxy.address)


def is_whole(fetching: Fetching) -> bool:
    """Whether all of it was said to be here."""
    return fetching.total_bytes is not None and fetching.done_bytes == fetching.total_bytes
