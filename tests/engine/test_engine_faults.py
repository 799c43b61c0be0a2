"""A Docker engine that freezes, dies and comes back: starts are refused soon, and what runs goes on being known."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dispatcher.errors import HostUnreachable
from dispatcher.hosts.docker import DockerHost
from dispatcher.runtimes.openai import OpenAIRuntime
from tests.engine.dockerd import PrivateEngine
from tests.engine.replicas import INSTALL, Replicas, ignore, longest_stall, names, seen
from tests.fakes.asking import ask, within
from tests.integration.waiting import until

pytestmark = pytest.mark.docker
_REFUSED_S = 5.0


@pytest.fixture
async def replicas(
    weights: Path, tmp_path: Path, runtime: OpenAIRuntime, own_engine: PrivateEngine
) -> AsyncIterator[Replicas]:
    made = Replicas(weights, tmp_path, runtime, own_engine)
    yield made
    await made.close()


async def test_a_frozen_engine_harms_nobody_but_starts(
    replicas: Replicas, own_engine: PrivateEngine, runtime: OpenAIRuntime
) -> None:
    host = replicas.host()
    warm = await replicas.start(host)
    await until(host.look, "it is seen")
    async with longest_stall() as stall_s:
        own_engine.signal(signal.SIGSTOP)
        # Frozen while two starts are under way already, and for more starts than there are threads.
        before_s = time.monotonic()
        starts = [host.start(replicas.order(host)) for _ in range(8)]
        refused = await asyncio.gather(*starts, return_exceptions=True)
        assert {type(error) for error in refused} == {HostUnreachable}
        assert time.monotonic() - before_s < _REFUSED_S

        async def nobody() -> bool:
            return await host.look() == {}

        await until(nobody, "look names nobody", _REFUSED_S)
        assert (await host.look_at(warm.id)).ended is None
        assert (await runtime.complete(warm.endpoint, ask(max_tokens=4), within(10.0))).text
        own_engine.signal(signal.SIGCONT)
        await until(host.look, "it is seen again", _REFUSED_S)
    assert stall_s[0] < 0.5
    assert set(await host.look()) == {warm.id}
    another = await replicas.start(host)
    await host.stop(another.id, 5.0)

    async def only_the_warm_one() -> bool:
        return await names(own_engine) == {f"ai-dispatch-{warm.id}"}

    await until(only_the_warm_one, "what was created after all is removed")


async def test_a_start_that_the_engine_freezes_in_is_refused_and_undone(
    replicas: Replicas, own_engine: PrivateEngine
) -> None:
    host = replicas.host()
    await host.survivors()
    starting = asyncio.create_task(host.start(replicas.order(host)))
    await until(lambda: names(own_engine), "the container is being made")
    own_engine.signal(signal.SIGSTOP)
    before_s = time.monotonic()
    await asyncio.wait((starting,))
    assert time.monotonic() - before_s < _REFUSED_S
    own_engine.signal(signal.SIGCONT)
    if starting.exception() is None:
        return  # it was quicker than the signal
    assert isinstance(starting.exception(), HostUnreachable)

    async def nothing() -> bool:
        return await names(own_engine) == set()

    await until(nothing, "the half-made container is removed", 40.0)


async def test_a_stop_that_the_engine_could_not_hear_is_made_good(
    replicas: Replicas, own_engine: PrivateEngine
) -> None:
    host = replicas.host()
    started = await replicas.start(host)
    own_engine.signal(signal.SIGSTOP)
    before_s = time.monotonic()
    assert not await host.stop(started.id, 1.0), "it isn't known to be gone"
    assert time.monotonic() - before_s < _REFUSED_S
    own_engine.signal(signal.SIGCONT)

    async def nothing() -> bool:
        return await names(own_engine) == set()

    await until(nothing, "it is removed after all")
    assert await host.stop(started.id, 1.0)


@pytest.mark.parametrize("own_engine", [False], indirect=True)
async def test_an_engine_that_was_killed_takes_its_containers_along(
    replicas: Replicas, own_engine: PrivateEngine
) -> None:
    host = replicas.host()
    started = await replicas.start(host)
    await asyncio.to_thread(own_engine.kill)

    async def nobody() -> bool:
        return await host.look() == {}

    await until(nobody, "look names nobody", _REFUSED_S)
    with pytest.raises(HostUnreachable, match="Docker isn't running"):
        await host.start(replicas.order(host))
    await asyncio.to_thread(own_engine.start_dockerd)
    assert (await seen(host, started.id)).ended is not None
    await host.stop(started.id, 1.0)
    assert await replicas.host().survivors() == ()
    assert await names(own_engine) == set()
    again = await replicas.start(host)
    await host.stop(again.id, 1.0)


@pytest.mark.parametrize("own_engine", [True], indirect=True)
async def test_with_live_restore_a_killed_engine_finds_its_containers_again(
    replicas: Replicas, own_engine: PrivateEngine, runtime: OpenAIRuntime
) -> None:
    host = replicas.host()
    warm = await replicas.start(host, replicas.order(host))
    await asyncio.to_thread(own_engine.kill)
    await asyncio.to_thread(own_engine.start_dockerd)

    async def seen_again() -> bool:
        look = (await host.look()).get(warm.id)
        return look is not None and look.ended is None

    await until(seen_again, "it is seen again")
    (survivor,) = await replicas.host().survivors()
    assert survivor.order == warm.order


async def test_what_sleeps_cannot_be_woken_while_the_engine_is_frozen_and_can_afterwards(
    replicas: Replicas, own_engine: PrivateEngine, runtime: OpenAIRuntime
) -> None:
    host = replicas.host()
    started = await replicas.start(host)
    await host.pause(started.id)
    own_engine.signal(signal.SIGSTOP)
    before_s = time.monotonic()
    with pytest.raises(HostUnreachable):
        await host.wake(started.id)
    assert time.monotonic() - before_s < _REFUSED_S
    own_engine.signal(signal.SIGCONT)
    await host.wake(started.id)
    assert (await runtime.complete(started.endpoint, ask(max_tokens=4), within(10.0))).text
    assert (await host.look_at(started.id)).ended is None


async def test_without_an_engine_a_host_says_so_and_blocks_nobody(tmp_path: Path, replicas: Replicas) -> None:
    host = DockerHost(replicas.settings(), f"unix://{tmp_path}/nobody.sock")
    async with longest_stall() as stall_s:
        before_s = time.monotonic()
        order = replicas.order(host)
        assert await host.survivors() == ()
        with pytest.raises(HostUnreachable, match="Docker isn't running"):
            await host.start(order)
        with pytest.raises(HostUnreachable, match="Docker isn't running"):
            await host.prepare(order, ignore)
        assert not await host.stop(order.replica_id, 5.0)
        assert await host.look() == {}
        assert time.monotonic() - before_s < _REFUSED_S
    assert stall_s[0] < 0.5
    assert not host.is_reachable
    assert host.new_replica_id().startswith(INSTALL)
    await host.close()
