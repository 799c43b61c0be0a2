"""Stopping what nobody uses: replicas idle for too long are condemned."""

import asyncio

from dispatcher.core.idleness import too_long_idle
from dispatcher.service.fleet import Fleet

_EVERY_S = 1.0


async def reap(fleet: Fleet, idle_max_s: float) -> None:
    """Condemn idle replicas, for ever.

    The decision and the deed happen without a pause between them, so a dispatch that arrives at that moment either came
    first and keeps the replica, or comes after and chooses anew.
    """
    while True:
        for replica_id in too_long_idle(fleet.residents(), idle_max_s):
            if (replica := fleet.get(replica_id)) is not None:
                fleet.condemn(replica, f"idle for {idle_max_s:.0f} s")
        await asyncio.sleep(min(_EVERY_S, idle_max_s / 4))
