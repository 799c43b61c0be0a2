"""The contract of a host: who runs replicas, whatever they are made of."""

from collections.abc import Mapping
from typing import Protocol

from dispatcher.core.replica import Endpoint, Look, OnFetching, ReplicaId, StartOrder, Survivor


class Host(Protocol):
    """Starts, watches and stops replicas. It touches only what carries this installation's id."""

    @property
    def is_reachable(self) -> bool:
        """Whether replicas can be started and seen now."""

    async def memory_mib(self) -> int | None:
        """Memory of the machine that replicas run on, in MiB; None when it is this one, or isn't known."""

    def new_replica_id(self) -> ReplicaId:
        """An id that no replica has had, and that shows whose it is."""

    async def prepare(self, order: StartOrder, on_fetching: OnFetching) -> None:
        """Bring here what the replica's program needs, an image say.

        Raises: ReplicaStartFailed when it can't be had, or when it comes no further; HostUnreachable.
        """

    async def start(self, order: StartOrder) -> Endpoint:
        """Start a replica and say where it will listen; it isn't ready yet.

        Raises: ReplicaStartFailed; HostUnreachable within a few seconds when nothing can be started at all.
        """

    async def stop(self, replica_id: ReplicaId, grace_s: float) -> bool:
        """End a replica and remove what is left of it: asked first, killed after `grace_s` seconds.

        Returns: whether it is gone; False when that can't be done or known now, and is to be asked for again.
        """

    async def pause(self, replica_id: ReplicaId) -> None:
        """Put a replica to sleep: it computes nothing and keeps its memory. One that is gone stays so.

        Raises: HostUnreachable.
        """

    async def wake(self, replica_id: ReplicaId) -> None:
        """Wake a replica; one that is awake stays so. Raises: HostUnreachable."""

    async def look(self) -> Mapping[ReplicaId, Look]:
        """See how every replica does; one that isn't named can't be seen now."""

    async def look_at(self, replica_id: ReplicaId) -> Look:
        """See how one replica does now; one that isn't known has ended."""

    async def survivors(self) -> tuple[Survivor, ...]:
        """Find what an earlier sidecar of this installation left running; what can't be used is ended."""
