"""The Docker host on a real engine: what happens behind its back, and what it must never touch."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dispatcher.core.model import Engine
from dispatcher.core.replica import Fetching
from dispatcher.errors import ReplicaStartFailed
from dispatcher.hosts.docker_container import host_config
from dispatcher.hosts.docker_labels import labels_of
from dispatcher.hosts.docker_spec import container_spec, generation_of
from dispatcher.runtimes.openai import OpenAIRuntime
from tests.engine.dockerd import PrivateEngine
from tests.engine.replicas import IMAGE, INSTALL, Replicas, ignore, inspect, label_all, names, on, seen
from tests.integration.waiting import until

pytestmark = pytest.mark.docker


@pytest.fixture
async def replicas(
    weights: Path, tmp_path: Path, runtime: OpenAIRuntime, engine: PrivateEngine
) -> AsyncIterator[Replicas]:
    made = Replicas(weights, tmp_path, runtime, engine)
    yield made
    await made.close()


async def test_the_container_is_what_the_template_says(replicas: Replicas, engine: PrivateEngine) -> None:
    host = replicas.host()
    started = await replicas.start(host)
    found = await inspect(engine, started.id)
    spec = container_spec(started.order, replicas.settings(), started.endpoint.api_key)
    wanted: dict[str, Any] = await on(engine, lambda client: host_config(client, spec))
    differing = {
        name: (value, found["HostConfig"][name])
        for name, value in wanted.items()
        if not same(value, found["HostConfig"][name])
    }
    assert differing == {}
    assert found["HostConfig"]["Privileged"] is False
    assert found["Config"]["Cmd"] == list(spec.command)
    assert found["Config"]["User"] == "65532:65532"
    assert found["HostConfig"]["PortBindings"]["8080/tcp"][0]["HostIp"] == "127.0.0.1"


def same(asked: Any, found: Any) -> bool:
    """The engine fills in what wasn't said."""
    if isinstance(asked, dict):
        return all(same(value, found.get(name)) for name, value in asked.items())
    if isinstance(asked, list) and isinstance(found, list):
        return len(asked) == len(found) and all(map(same, asked, found))
    return bool(asked == found or (not asked and not found) or (asked == "" and found == "0"))


async def test_in_a_network_of_ours_nothing_is_published(replicas: Replicas, engine: PrivateEngine) -> None:
    await on(engine, lambda client: client.create_network("aidtest-network"))
    try:
        started = await replicas.start(replicas.host(network="aidtest-network"))
        found = await inspect(engine, started.id)
        assert found["NetworkSettings"]["Networks"]["aidtest-network"]["IPAddress"] in started.endpoint.base_url
        assert not found["HostConfig"]["PortBindings"]
    finally:
        await replicas.close()
        await on(engine, lambda client: client.remove_network("aidtest-network"))


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        (lambda client, name: client.remove_container(name, force=True), "removed"),
        (lambda client, name: client.stop(name, timeout=5), "it ended with exit code 0"),
        (lambda client, name: client.kill(name), "it was killed"),
        (lambda client, name: client.pause(name), "paused"),
    ],
)
async def test_what_is_done_behind_our_back_is_seen(
    replicas: Replicas, engine: PrivateEngine, deed: Any, reason: str
) -> None:
    host = replicas.host()
    started = await replicas.start(host)
    await until(lambda: look_of(host, started.id), "it is seen")
    await on(engine, lambda client: deed(client, f"ai-dispatch-{started.id}"))
    assert reason in str((await host.look_at(started.id)).ended)
    assert reason in str((await seen(host, started.id, 2.0)).ended)
    await host.stop(started.id, 1.0)
    assert await names(engine) == set()


def generation(replicas: Replicas) -> str:
    """That of the containers which a host makes now: they differ from ours in nothing else."""
    return generation_of(Engine.EMBEDDED, replicas.settings())


async def look_of(host: Any, replica_id: Any) -> Any:
    return (await host.look()).get(replica_id)


async def test_a_model_that_needs_more_than_its_limit_is_out_of_memory(replicas: Replicas) -> None:
    host = replicas.host()
    order = replicas.order(host, memory_limit_mib=48)
    await host.start(order)
    assert (await seen(host, order.replica_id, 60.0)).ended == "out of memory: its limit of 48 MiB is too little"
    assert (await host.look_at(order.replica_id)).ended == "out of memory: its limit of 48 MiB is too little"


async def test_the_first_process_killed_for_memory_is_told_so(replicas: Replicas, engine: PrivateEngine) -> None:
    hog = ["-c", "import time; time.sleep(1); x = bytearray(200 << 20)"]
    host = replicas.host()
    order = replicas.order(host)

    def start(client: Any) -> None:
        made = client.create_container(
            IMAGE,
            hog,
            entrypoint=["/usr/bin/python3"],
            name="hog",
            environment={"AI_DISPATCH_REPLICA_KEY": "k"},
            labels=labels_of(order, INSTALL, generation(replicas)),
            ports=[8080],
            host_config=client.create_host_config(
                mem_limit=32 << 20, memswap_limit=32 << 20, port_bindings={8080: ("127.0.0.1",)}
            ),
        )
        client.start(made["Id"])

    await on(engine, start)
    assert len(await host.survivors()) == 1
    assert (await seen(host, order.replica_id)).ended == "out of memory: its limit of 32 MiB is too little"


async def test_twenty_lookalikes_are_never_touched(replicas: Replicas, engine: PrivateEngine) -> None:
    host = replicas.host()
    order = replicas.order(host)
    right = labels_of(order, INSTALL, generation(replicas))
    wrong: list[dict[str, str]] = [
        {},
        {**right, "ai-dispatch.install": "aidtest2"},
        {**right, "ai-dispatch.install": "aidtes"},
        {**right, "ai-dispatch.install": ""},
        {**right, "ai-dispatch.install": "AIDTEST"},
        {**right, "ai-dispatch.managed": "0"},
        {**right, "ai-dispatch.managed": "true"},
        {**right, "ai-dispatch.managed": ""},
        {name: value for name, value in right.items() if name != "ai-dispatch.managed"},
        {name: value for name, value in right.items() if name != "ai-dispatch.install"},
        {name.replace("ai-dispatch", "ai_dispatch"): value for name, value in right.items()},
        {name.replace("ai-dispatch", "ai-dispatcher"): value for name, value in right.items()},
        {name.upper(): value for name, value in right.items()},
        {"ai-dispatch.replica": order.replica_id},
    ]
    wrong += [{}] * (20 - len(wrong))

    def make(client: Any) -> set[str]:
        return {label_all(client, labels, f"ai-dispatch-{INSTALL}-{number}") for number, labels in enumerate(wrong)}

    decoys = await on(engine, make)
    assert await host.survivors() == ()
    await host.stop(order.replica_id, 0.0)
    started = await replicas.start(host)
    await host.stop(started.id, 1.0)
    running = await on(engine, lambda client: {item["Id"] for item in client.containers()})
    assert running == decoys


async def test_what_a_killed_sidecar_left_half_made_is_removed(replicas: Replicas, engine: PrivateEngine) -> None:
    first = replicas.host()
    orders = [replicas.order(first) for _ in range(3)]

    def make(client: Any) -> None:
        for number, order in enumerate(orders):
            labels = labels_of(order, INSTALL, generation(replicas))
            if number == 2:
                labels["ai-dispatch.order"] = "{"
            label_all(client, labels, f"half-{number}")
        client.kill("half-0")
        client.create_container(
            IMAGE, ["--help"], labels=labels_of(orders[1], INSTALL, generation(replicas)), name="half-3"
        )

    await on(engine, make)
    assert await replicas.host().survivors() == ()
    assert await names(engine) == set()


async def test_a_paused_survivor_goes_on(replicas: Replicas, engine: PrivateEngine, runtime: OpenAIRuntime) -> None:
    started = await replicas.start(replicas.host())
    await on(engine, lambda client: client.pause(f"ai-dispatch-{started.id}"))
    (survivor,) = await replicas.host().survivors()
    assert survivor.order == started.order
    assert await runtime.is_ready(survivor.endpoint)


async def test_an_image_that_is_not_here_is_refused_in_plain_words(replicas: Replicas, engine: PrivateEngine) -> None:
    host = replicas.host(image="127.0.0.1:9/nobody/nothing:1")
    order = replicas.order(host)
    with pytest.raises(ReplicaStartFailed, match=r"nobody/nothing:1 isn't here and can't be fetched: .*refused"):
        await host.prepare(order, ignore)
    with pytest.raises(ReplicaStartFailed, match="No such image"):
        await host.start(order)
    assert await names(engine) == set()


async def test_an_image_that_is_here_is_not_fetched(replicas: Replicas) -> None:
    heard: list[Fetching] = []
    host = replicas.host()
    await host.prepare(replicas.order(host), heard.append)
    assert heard == []


async def test_a_start_that_fails_leaves_no_container(replicas: Replicas, engine: PrivateEngine) -> None:
    host = replicas.host()
    order = replace(replicas.order(host), needs_gpu=True)  # this engine has none
    with pytest.raises(ReplicaStartFailed, match="could not select device driver"):
        await host.start(order)
    assert await names(engine) == set()


async def test_a_name_that_is_taken_is_left_to_who_has_it(replicas: Replicas, engine: PrivateEngine) -> None:
    host = replicas.host()
    order = replicas.order(host)
    decoy = await on(engine, lambda client: label_all(client, {}, f"ai-dispatch-{order.replica_id}"))
    with pytest.raises(ReplicaStartFailed, match="already in use"):
        await host.start(order)
    assert await on(engine, lambda client: [item["Id"] for item in client.containers()]) == [decoy]


async def test_a_start_whose_caller_left_is_still_stopped(replicas: Replicas, engine: PrivateEngine) -> None:
    host = replicas.host()
    order = replicas.order(host)
    starting = asyncio.create_task(host.start(order))
    await asyncio.sleep(0)
    starting.cancel()
    await host.stop(order.replica_id, 0.0)
    assert await names(engine) == set()


async def test_looking_for_survivors_never_takes_what_is_being_started(replicas: Replicas) -> None:
    host = replicas.host()
    orders = [replicas.order(host) for _ in range(4)]
    starting = asyncio.gather(*(host.start(order) for order in orders))
    while not starting.done():
        assert await host.survivors() == ()
    await starting
    assert await host.survivors() == ()
    assert {(await host.look_at(order.replica_id)).ended for order in orders} == {None}


async def test_an_order_for_a_file_elsewhere_is_refused(replicas: Replicas) -> None:
    host = replicas.host()
    with pytest.raises(ReplicaStartFailed, match="isn't in the folder"):
        await host.start(replace(replicas.order(host), weights_path="/etc/passwd"))
    with pytest.raises(ReplicaStartFailed, match="reference"):
        await host.start(replace(replicas.order(host), engine=Engine.VLLM, reference="--trust-remote-code"))


async def test_what_was_made_from_another_image_is_not_adopted(replicas: Replicas, engine: PrivateEngine) -> None:
    host = replicas.host()
    started = await replicas.start(host)
    assert (await inspect(engine, started.id))["Config"]["Labels"]["ai-dispatch.generation"]
    assert await replicas.host(image="ai-dispatch-inference:0.2").survivors() == ()
    assert f"ai-dispatch-{started.id}" not in await names(engine)
