"""Starting replicas of the real small model on hosts, and ending all of them when a test is over."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from dispatcher.core.model import Engine
from dispatcher.core.replica import Endpoint, Fetching, Look, ReplicaId, StartOrder
from dispatcher.core.task import ModelId
from dispatcher.hosts.docker import DockerHost
from dispatcher.hosts.docker_spec import DockerSettings
from dispatcher.hosts.host import Host
from dispatcher.hosts.process import ProcessHost
from dispatcher.runtimes.openai import OpenAIRuntime
from tests.engine.dockerd import PrivateEngine
from tests.fakes.launched import REAL_COMMAND
from tests.integration.waiting import until

IMAGE = "ai-dispatch-inference:0.1"
INSTALL = "aidtest"
MODEL = ModelId("smollm2-135m-instruct")


@dataclass(frozen=True, slots=True)
class Started:
    """A replica that answers, and where."""

    order: StartOrder
    endpoint: Endpoint

    @property
    def id(self) -> ReplicaId:
        return self.order.replica_id


class Replicas:
    """Hosts of one kind for one place, and the replicas that they were told to start."""

    def __init__(self, weights: Path, folder: Path, runtime: OpenAIRuntime, engine: PrivateEngine | None) -> None:
        self._weights = weights
        self._folder = folder
        self._runtime = runtime
        self._engine = engine
        self._hosts: list[Host] = []
        self._started: list[tuple[Host, ReplicaId]] = []

    def host(self, install_id: str = INSTALL, network: str | None = None, image: str = IMAGE) -> Host:
        """A host as a sidecar that starts now would make it."""
        host: Host
        if self._engine is None:
            host = ProcessHost(self._folder, REAL_COMMAND, install_id)
        else:
            host = DockerHost(self.settings(install_id, network, image), self._engine.address)
        self._hosts.append(host)
        return host

    def settings(self, install_id: str = INSTALL, network: str | None = None, image: str = IMAGE) -> DockerSettings:
        folder = str(self._weights.parent)
        return DockerSettings(install_id, dict.fromkeys(Engine, image), folder, folder, "65532:65532", network)

    def order(self, host: Host, memory_limit_mib: int = 512) -> StartOrder:
        """An order for the small model: one thread, so that tests don't wait for each other's cores."""
        return StartOrder(
            host.new_replica_id(), MODEL, str(self._weights), "0" * 64, 1024, 1, 1, memory_limit_mib, Engine.EMBEDDED
        )

    async def start(self, host: Host, order: StartOrder | None = None) -> Started:
        """Start a replica and wait until it is ready."""
        order = order or self.order(host)
        self._started.append((host, order.replica_id))
        endpoint = await host.start(order)
        started = Started(order, endpoint)
        await until(lambda: self._runtime.is_ready(endpoint), "the replica is ready", 60.0)
        return started

    async def close(self) -> None:
        """End all replicas of the hosts' installations, and the hosts."""
        for host in self._hosts:
            if isinstance(host, DockerHost):
                await host.close()
        if self._engine is None:
            for host, replica_id in self._started:
                await host.stop(replica_id, 0.0)
        else:
            await asyncio.to_thread(remove_all, self._engine)


def remove_all(engine: PrivateEngine) -> None:
    """Remove every container on a private engine."""
    with contextlib.closing(engine.client()) as client:
        for item in client.containers(all=True):
            client.remove_container(item["Id"], force=True)


async def inspect(engine: PrivateEngine, replica_id: ReplicaId) -> Mapping[str, Any]:
    """What the engine says of a replica's container."""
    found: Mapping[str, Any] = await on(engine, lambda c: c.inspect_container(f"ai-dispatch-{replica_id}"))
    return found


async def on(engine: PrivateEngine, work: Any) -> Any:
    """Do something behind the host's back."""

    def run() -> Any:
        with contextlib.closing(engine.client()) as client:
            return work(client)

    return await asyncio.to_thread(run)


async def names(engine: PrivateEngine) -> set[str]:
    """The names of all containers there are."""
    listed = await on(engine, lambda client: client.containers(all=True))
    return {item["Names"][0].strip("/") for item in listed}


async def seen(host: Host, replica_id: ReplicaId, within_s: float = 15.0) -> Look:
    """Wait until `look` says how a replica ended."""

    async def ended() -> Look | None:
        look = (await host.look()).get(replica_id)
        return look if look is not None and look.ended else None

    look = await until(ended, "look says that it ended", within_s)
    assert look is not None
    return look


@contextlib.asynccontextmanager
async def longest_stall() -> AsyncIterator[list[float]]:
    """Measure for how long the event loop was held up, in seconds; the list has one number at the end."""
    worst = [0.0]

    async def tick() -> None:
        while True:
            before_s = time.monotonic()
            await asyncio.sleep(0.01)
            worst[0] = max(worst[0], time.monotonic() - before_s - 0.01)

    ticking = asyncio.create_task(tick())
    try:
        yield worst
    finally:
        ticking.cancel()


def ignore(_: Fetching) -> None:
    """Nobody watches this download."""


def label_all(client: docker.APIClient, labels: Mapping[str, str], name: str) -> str:
    """Make a running container that isn't a replica."""
    made = client.create_container(
        IMAGE, ["-c", "import time; time.sleep(600)"], entrypoint=["/usr/bin/python3"], name=name, labels=dict(labels)
    )
    client.start(made["Id"])
    return str(made["Id"])
