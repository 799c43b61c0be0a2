"""Waiting until the replica that was asked for is ready, or can't be."""

import asyncio
from collections.abc import Callable, Sequence

from dispatcher.api.schemas import ContainerReply, ContainersReply, ModelReply
from dispatcher.cli.client import Client
from dispatcher.cli.faults import CommandFault
from dispatcher.cli.paths import model_path
from dispatcher.cli.replies import read
from dispatcher.core.replica import ReplicaState

_OVER = frozenset({ReplicaState.DRAINING, ReplicaState.STOPPED, ReplicaState.FAILED})


async def until_ready(client: Client, model_id: str, show: Callable[[ContainerReply], None], poll_s: float) -> bytes:
    """Watch the start that was just asked for, show each look at it, and return the model's reply.

    It ends when the sidecar ends the start, which has a deadline for every step.

    Raises: CommandFault saying why it didn't get ready.
    """
    last = await _last_look(client, model_id, show, poll_s)
    reply = await client.get(model_path(model_id))
    quarantine = read(ModelReply, reply).quarantine  # a start by hand lifts it, so this one is newer
    if quarantine:
        raise CommandFault(f"{model_id} couldn't be started: {quarantine}")
    if last is None or last.state is not ReplicaState.READY:
        why = f": {last.reason}" if last and last.reason else ""
        raise CommandFault(f"{model_id} was stopped before it was ready{why}")
    return reply


async def _last_look(
    client: Client, model_id: str, show: Callable[[ContainerReply], None], poll_s: float
) -> ContainerReply | None:
    """The replica once it is ready, or as it was seen last before it went."""
    seen: ContainerReply | None = None
    while True:
        fleet = read(ContainersReply, await client.get("/api/containers")).containers
        found = _followed(fleet, model_id, seen)
        if found is None or found.state is ReplicaState.READY:
            return found or seen
        show(found)
        seen = found
        await asyncio.sleep(poll_s)


def _followed(fleet: Sequence[ContainerReply], model_id: str, seen: ContainerReply | None) -> ContainerReply | None:
    """The replica seen before; at first the model's youngest, since a start opens none while another will do."""
    found = [
        replica
        for replica in fleet
        if replica.model == model_id and replica.state not in _OVER and (seen is None or replica.id == seen.id)
    ]
    return min(found, key=lambda replica: replica.uptime_s, default=None)
