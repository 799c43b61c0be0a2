"""The Docker host: each replica is a container of its own.

What the engine says is the truth; what is kept here is only the last sight of it. A container is touched when its
labels, asked for at that moment, name this installation, and never otherwise.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

import docker
import structlog

from dispatcher.core.model import Engine
from dispatcher.core.replica import Endpoint, Look, OnFetching, ReplicaId, StartOrder, Survivor
from dispatcher.errors import HostUnreachable, ReplicaStartFailed
from dispatcher.hosts.docker_adoption import adopt_all
from dispatcher.hosts.docker_client import DEFAULT_ADDRESS, DockerClient, EngineFault, EngineSilent
from dispatcher.hosts.docker_container import end, pause, run, unpause
from dispatcher.hosts.docker_labels import replica_of
from dispatcher.hosts.docker_pull import ImagePuller
from dispatcher.hosts.docker_sighting import Sighting, listed, sightings
from dispatcher.hosts.docker_sightings import Sightings
from dispatcher.hosts.docker_spec import ContainerSpec, DockerSettings, container_spec, has_key
from dispatcher.hosts.docker_watch import DockerWatch

T = TypeVar("T")
_LOG = structlog.get_logger(__name__)
_START_S = 20.0
_LOOK_S = 2.0
_INFO_S = 3.0
_LIST_S = 10.0
_REMOVE_S = 10.0


class DockerHost:
    """Starts, watches and stops inference servers as containers.

    Make it where an event loop runs, and close it there.

    Args:
        settings: what this installation gives to all its containers.
        address: the engine's, such as `unix:///var/run/docker.sock`.
        stall_s: how long a pull may say nothing before it is given up.
    """

    def __init__(self, settings: DockerSettings, address: str = DEFAULT_ADDRESS, stall_s: float = 60.0) -> None:
        self._settings = settings
        self._client = DockerClient(address)
        self._puller = ImagePuller(self._client, stall_s)
        self._known = Sightings()
        self._watch = DockerWatch(self._client, settings.install_id, self._known, self._end_doomed)
        self._starting: dict[ReplicaId, asyncio.Task[Endpoint]] = {}
        self._doomed: set[ReplicaId] = set()  # to be ended; those that couldn't be are tried again at each sweep
        self._ending: dict[ReplicaId, asyncio.Task[None]] = {}

    @property
    def is_reachable(self) -> bool:
        """Whether the engine answers."""
        return not self._known.is_blind

    async def memory_mib(self) -> int | None:
        """Memory of the machine the engine runs on, in MiB; None when it doesn't say in time."""
        try:
            told = await self._client.call(lambda client: client.info(), _INFO_S)
        except EngineFault:
            return None
        return int(told.get("MemTotal", 0)) // 2**20 or None

    async def close(self) -> None:
        """Stop watching. The containers stay as they are."""
        self._watch.close()
        self._client.close()
        left = [*self._starting.values(), *self._ending.values()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, self._puller.close(), return_exceptions=True)

    def new_replica_id(self) -> ReplicaId:
        """An id that no replica has had, and that shows whose it is."""
        return ReplicaId(f"{self._settings.install_id}-{secrets.token_hex(4)}")

    async def prepare(self, order: StartOrder, on_fetching: OnFetching) -> None:
        """Pull the engine's image if it isn't here.

        Raises: ReplicaStartFailed when it can't be had, or when it comes no further; HostUnreachable.
        """
        await self._check_reachable()
        image = self._settings.images[order.engine]
        try:
            await self._puller.bring(image, on_fetching)
        except EngineFault as error:
            await self._check_reachable()  # a registry that says nothing is another matter
            raise ReplicaStartFailed(_missing(image, order.engine, error)) from error

    async def start(self, order: StartOrder) -> Endpoint:
        """Create and start a replica's container and say where it will listen; it isn't ready yet.

        Raises: ReplicaStartFailed; HostUnreachable within a few seconds when the engine doesn't answer.
        """
        api_key = secrets.token_urlsafe(24) if has_key(order.engine) else ""
        spec = container_spec(order, self._settings, api_key)
        self._known.expect(order.replica_id)
        starting = asyncio.create_task(self._start(order.replica_id, spec, api_key), name=f"run {order.replica_id}")
        self._starting[order.replica_id] = starting
        starting.add_done_callback(lambda done: self._started(order.replica_id, done))
        return await asyncio.shield(starting)

    async def stop(self, replica_id: ReplicaId, grace_s: float) -> bool:
        """End a replica and remove its container; False while the engine is silent, and then it is made good later."""
        if (starting := self._starting.get(replica_id)) is not None:
            await asyncio.wait((starting,))  # whoever started it may have left, but a container is coming
        self._known.forget(replica_id)
        await asyncio.shield(self._end(replica_id, grace_s))
        return replica_id not in self._doomed

    async def pause(self, replica_id: ReplicaId) -> None:
        """Freeze a replica's container; its memory stays. Raises: HostUnreachable."""
        install_id = self._settings.install_id
        self._known.falls_asleep(replica_id)
        await self._reached(lambda client: pause(client, install_id, replica_id))

    async def wake(self, replica_id: ReplicaId) -> None:
        """Let a frozen container go on. Raises: HostUnreachable."""
        install_id = self._settings.install_id
        await self._reached(lambda client: unpause(client, install_id, replica_id))
        at_s = time.monotonic()
        seen = await self._reached(lambda client: sightings(client, install_id, replica_id))
        self._known.woke_up(replica_id, seen, at_s)

    async def look(self) -> Mapping[ReplicaId, Look]:
        """See how every replica did a moment ago. Asks nobody, so it never waits."""
        return self._known.looks()

    async def look_at(self, replica_id: ReplicaId) -> Look:
        """See how one replica does now, or did when the engine last answered; one that isn't known has ended."""
        if replica_id in self._known.replica_ids and not self._known.is_blind:
            with suppress(EngineFault):
                at_s = time.monotonic()
                seen = await self._client.call(
                    lambda client: sightings(client, self._settings.install_id, replica_id), _LOOK_S
                )
                self._known.saw_one(replica_id, seen, at_s)
        return self._known.look(replica_id)

    async def survivors(self) -> tuple[Survivor, ...]:
        """Find what an earlier sidecar of this installation left running; what can't be used is removed.

        Nobody is found while the engine can't be asked: ask again when it is reachable.
        """
        try:
            there = await self._ask(lambda client: listed(client, self._settings.install_id), _LIST_S)
            # What this host starts is known to it before there is a container, so it can't be taken for left over.
            mine = self._known.replica_ids | self._doomed
            others = [item["Id"] for item in there if replica_of(item["Labels"]) not in mine]
            found = await self._ask(lambda client: adopt_all(client, self._settings, others), _LIST_S) if others else []
        except EngineFault as error:
            _LOG.warning("survivors_unknown", reason=str(error))
            return ()
        for survivor, sighting in found:
            self._known.expect(survivor.order.replica_id)
            self._known.saw(sighting, time.monotonic())
        return tuple(survivor for survivor, _ in found)

    async def _start(self, replica_id: ReplicaId, spec: ContainerSpec, api_key: str) -> Endpoint:
        try:
            sighting, endpoint = await self._ask(lambda client: run(client, spec, api_key), _START_S)
        except EngineFault as error:
            self._known.forget(replica_id)
            if isinstance(error, EngineSilent):
                self._doomed.add(replica_id)  # the engine may be creating it still
                self._watch.sweep()
            if isinstance(error, EngineSilent) or self._known.is_blind:
                raise HostUnreachable(str(error)) from error
            raise ReplicaStartFailed(f"its container can't be started: {error}") from error
        self._known.saw(sighting, time.monotonic())
        return endpoint

    def _started(self, replica_id: ReplicaId, done: asyncio.Task[Endpoint]) -> None:
        del self._starting[replica_id]
        if not done.cancelled():
            done.exception()  # seen: whoever still waits is told

    async def _reached(self, work: Callable[[docker.APIClient], T]) -> T:
        try:
            return await self._client.call(work, _LOOK_S)
        except EngineFault as error:
            raise HostUnreachable(str(error)) from error

    async def _check_reachable(self) -> None:
        try:
            await self._heard()
        except EngineFault as error:
            raise HostUnreachable(str(error)) from error

    async def _heard(self) -> None:
        """Return when the engine answers, EngineFault when it doesn't; either is remembered."""
        try:
            await self._client.ping()
        except EngineFault:
            self._known.blind()
            raise
        self._known.sees()

    async def _ask(self, work: Callable[[docker.APIClient], T], within_s: float) -> T:
        """Let the engine do something that may take long, but not for longer than it shows signs of life.

        Raises: EngineFault.
        """
        await self._heard()
        asking = asyncio.create_task(self._client.call(work, within_s))
        blind = asyncio.create_task(self._known.blindness())
        try:
            await asyncio.wait((asking, blind), return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise EngineSilent("Docker stopped answering")
            return asking.result()
        finally:
            asking.cancel()
            blind.cancel()

    def _end(self, replica_id: ReplicaId, grace_s: float) -> asyncio.Task[None]:
        self._doomed.add(replica_id)
        if (ending := self._ending.get(replica_id)) is None:
            ending = asyncio.create_task(self._ended(replica_id, grace_s), name=f"end {replica_id}")
            self._ending[replica_id] = ending
            ending.add_done_callback(lambda _: self._ending.pop(replica_id))
        return ending

    async def _ended(self, replica_id: ReplicaId, grace_s: float) -> None:
        install_id = self._settings.install_id
        try:
            await self._ask(lambda client: end(client, install_id, replica_id, grace_s), grace_s + _REMOVE_S)
        except EngineFault as error:
            self._watch.sweep()
            _LOG.warning("replica_not_removed", replica=replica_id, reason=str(error))
        else:
            self._doomed.discard(replica_id)

    def _end_doomed(self, seen: Sequence[Sighting]) -> None:
        for sighting in seen:
            if sighting.replica_id in self._doomed:
                self._end(sighting.replica_id, 0.0)


def _missing(image: str, engine: Engine, error: EngineFault) -> str:
    hint = "; build it with scripts/build-inference-image" if engine is Engine.EMBEDDED else ""
    return f"the image {image} isn't here and can't be fetched: {error}{hint}"
