"""What every host does, shown with real llama.cpp in child processes and in containers."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from dispatcher.core.replica import ReplicaId
from dispatcher.errors import DispatcherError
from dispatcher.runtimes.openai import OpenAIRuntime
from tests.engine.replicas import Replicas, seen
from tests.fakes.asking import ask, within
from tests.integration.waiting import until

pytestmark = pytest.mark.docker


@pytest.fixture(params=["process", "docker"])
async def replicas(
    request: pytest.FixtureRequest, weights: Path, tmp_path: Path, runtime: OpenAIRuntime
) -> AsyncIterator[Replicas]:
    engine = request.getfixturevalue("engine") if request.param == "docker" else None
    made = Replicas(weights, tmp_path, runtime, engine)
    yield made
    await made.close()


async def test_a_replica_starts_answers_and_stops(replicas: Replicas, runtime: OpenAIRuntime) -> None:
    host = replicas.host()
    started = await replicas.start(host)
    answer = await runtime.complete(started.endpoint, ask(max_tokens=8), within())
    assert answer.text
    await host.stop(started.id, 5.0)
    assert not await runtime.is_ready(started.endpoint)
    assert (await host.look_at(started.id)).ended is not None
    assert started.id not in await host.look()


async def test_only_who_has_the_key_is_answered(replicas: Replicas, runtime: OpenAIRuntime) -> None:
    started = await replicas.start(replicas.host())
    with pytest.raises(DispatcherError):
        await runtime.complete(replace(started.endpoint, api_key="a guess"), ask(max_tokens=2), within())


async def test_a_look_says_how_much_memory_a_replica_takes(replicas: Replicas) -> None:
    host = replicas.host()
    started = await replicas.start(host)

    async def measured() -> bool:
        look = (await host.look()).get(started.id)
        return look is not None and look.memory_mib is not None and 30 < look.memory_mib < 512

    await until(measured, "its memory is known, with its model")
    assert (await host.look_at(started.id)).pid is not None


async def test_an_end_is_told_with_its_reason(replicas: Replicas, weights: Path) -> None:
    host = replicas.host()
    order = replicas.order(host)
    broken = replace(order, weights_path=f"{weights}.lock")
    await host.start(broken)

    async def ended() -> str | None:
        return (await host.look_at(order.replica_id)).ended

    assert "it is not a GGUF file" in str(await until(ended, "it ended"))
    assert "it is not a GGUF file" in str((await seen(host, order.replica_id)).ended)


async def test_stopping_twice_or_what_never_was_is_fine(replicas: Replicas) -> None:
    host = replicas.host()
    started = await replicas.start(host)
    await host.stop(started.id, 5.0)
    await host.stop(started.id, 5.0)
    await host.stop(ReplicaId("never-was"), 5.0)


async def test_the_next_sidecar_adopts_what_runs(replicas: Replicas, runtime: OpenAIRuntime) -> None:
    started = await replicas.start(replicas.host())
    later = replicas.host()
    (survivor,) = await later.survivors()
    assert (survivor.order, survivor.endpoint) == (started.order, started.endpoint)
    assert await runtime.is_ready(survivor.endpoint)
    assert (await later.look_at(started.id)).ended is None
    await later.stop(started.id, 5.0)
    assert not await runtime.is_ready(started.endpoint)


async def test_another_installations_replicas_are_not_touched(replicas: Replicas, runtime: OpenAIRuntime) -> None:
    theirs = await replicas.start(replicas.host())
    ours = replicas.host("aidtes")  # the beginning of the other's name
    assert await ours.survivors() == ()
    await ours.stop(theirs.id, 0.0)
    assert await runtime.is_ready(theirs.endpoint)


async def test_a_paused_replica_keeps_its_memory_and_answers_when_it_is_woken(
    replicas: Replicas, runtime: OpenAIRuntime
) -> None:
    host = replicas.host()
    started = await replicas.start(host)
    await host.pause(started.id)
    await host.pause(started.id)
    assert not await runtime.is_ready(started.endpoint), "it computes nothing"
    assert (await host.look_at(started.id)).ended is None, "asleep isn't gone"
    await host.wake(started.id)
    await host.wake(started.id)
    assert (await runtime.complete(started.endpoint, ask(max_tokens=4), within(30.0))).text
    assert (await host.look_at(started.id)).ended is None


async def test_a_paused_replica_can_be_stopped_and_adopted(replicas: Replicas, runtime: OpenAIRuntime) -> None:
    host = replicas.host()
    stopped, left = await replicas.start(host), await replicas.start(host)
    for one in (stopped, left):
        await host.pause(one.id)
    assert await host.stop(stopped.id, 5.0)
    (survivor,) = [one for one in await replicas.host().survivors() if one.order.replica_id == left.id]
    assert (await runtime.complete(survivor.endpoint, ask(max_tokens=4), within(30.0))).text


async def test_pausing_or_waking_what_is_gone_is_fine(replicas: Replicas) -> None:
    host = replicas.host()
    nobody = replicas.order(host).replica_id
    await host.pause(nobody)
    await host.wake(nobody)
