"""The remote host: someone else runs the inference server and decides what it holds; nothing is started here."""

import secrets
from collections.abc import Mapping

from dispatcher.core.replica import Endpoint, Look, OnFetching, ReplicaId, StartOrder, Survivor
from dispatcher.errors import HostUnreachable


class RemoteHost:
    """Points replicas at a server that is there anyway. Whoever watches that server says whether it answers.

    Args:
        endpoint: where it listens.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._is_reachable = False
        self._known: set[ReplicaId] = set()

    @property
    def is_reachable(self) -> bool:
        """Whether the server answered when it was last asked."""
        return self._is_reachable

    def heard(self, answers: bool) -> None:
        """Take note of whether the server answers."""
        self._is_reachable = answers

    async def memory_mib(self) -> int | None:
        """None: its memory isn't ours to share out."""
        return None

    def new_replica_id(self) -> ReplicaId:
        """An id that no replica has had."""
        return ReplicaId(f"remote-{secrets.token_hex(4)}")

    async def prepare(self, order: StartOrder, on_fetching: OnFetching) -> None:
        """Nothing to bring."""

    async def start(self, order: StartOrder) -> Endpoint:
        """Say where the server listens.

        Raises: HostUnreachable.
        """
        if not self._is_reachable:
            raise HostUnreachable(f"nothing answers at {self.endpoint.base_url}")
        return self.take(order.replica_id)

    def take(self, replica_id: ReplicaId) -> Endpoint:
        """Note a replica for what the server holds in memory already; says where it listens."""
        self._known.add(replica_id)
        return self.endpoint

    async def stop(self, replica_id: ReplicaId, grace_s: float) -> bool:
        """Forget a replica; what the server holds is its owner's. Always True."""
        self._known.discard(replica_id)
        return True

    async def pause(self, replica_id: ReplicaId) -> None:
        """Nothing: it isn't ours to put to sleep."""

    async def wake(self, replica_id: ReplicaId) -> None:
        """Nothing: it never sleeps for us."""

    async def look(self) -> Mapping[ReplicaId, Look]:
        """Nothing is seen of its memory."""
        return {replica_id: Look(None, None, None) for replica_id in self._known}

    async def look_at(self, replica_id: ReplicaId) -> Look:
        """A replica lives until it is forgotten."""
        return Look(None, None, None if replica_id in self._known else "it was stopped")

    async def survivors(self) -> tuple[Survivor, ...]:
        """None: what the server holds is adopted by whoever watches it."""
        return ()
