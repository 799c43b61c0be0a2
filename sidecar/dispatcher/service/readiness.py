"""What works now, and what doesn't, for whoever decides whether to send work here."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from dispatcher.core.model import WeightsState
from dispatcher.errors import DispatcherError
from dispatcher.hosts.host import Host
from dispatcher.hosts.remote import RemoteHost
from dispatcher.service.equipment import Equipment
from dispatcher.service.fleet import Fleet
from dispatcher.service.registry import Registry
from dispatcher.store.database import Database
from dispatcher.store.probe import probe

_DATABASE_MAX_S = 1.0


class Health(StrEnum):
    """How a part does."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the sidecar, in words."""

    health: Health
    detail: str


class Readiness:
    """Looks at the parts."""

    def __init__(self, registry: Registry, fleet: Fleet, equipment: Equipment, database: Database) -> None:
        self._fleet = fleet
        self._equipment = equipment
        self._registry = registry
        self._database = database

    async def parts(self) -> dict[str, Part]:
        """Every part. `models` down means that no dispatch can be answered; the log down loses only records."""
        hosts = {kind.value: _host_part(host) for kind, host in self._equipment.hosts.items()}
        return {"models": self._models(), **hosts, "log": await self._log()}

    def _models(self) -> Part:
        enabled = [spec for spec in self._registry if spec.is_enabled]
        writers = [spec for spec in enabled if not spec.only_embeds]  # without these no prompt can be answered
        candidates = [self._registry.candidate(spec) for spec in writers or enabled]
        usable = [candidate for candidate in candidates if candidate.weights is WeightsState.PRESENT]
        held = [candidate for candidate in usable if candidate.quarantine is not None]
        if not usable:
            return Part(Health.DOWN, "no model's weights are here; run: ai-dispatch models pull smollm2-135m-instruct")
        if held:
            told = "; ".join(f"{candidate.spec.id}: {candidate.quarantine}" for candidate in held)
            return Part(Health.DOWN if len(held) == len(usable) else Health.DEGRADED, told)
        if ejected := [replica for replica in self._fleet if replica.breaker.is_tripped]:
            told = "; ".join(f"{one.model_id}: {one.id} failed {one.breaker.faults} times in a row" for one in ejected)
            return Part(Health.DEGRADED, told)
        return Part(Health.OK, f"{len(usable)} of {len(candidates)} models have their weights here")

    async def _log(self) -> Part:
        try:
            async with asyncio.timeout(_DATABASE_MAX_S):
                await probe(self._database)
        except (DispatcherError, TimeoutError) as error:
            return Part(Health.DEGRADED, f"the database doesn't answer, so nothing is recorded: {error}")
        dropped = self._database.dropped_posts + self._database.failed_posts
        if dropped:
            return Part(Health.DEGRADED, f"{dropped} log rows were lost since the start")
        return Part(Health.OK, "the database answers")


def _host_part(host: Host) -> Part:
    if isinstance(host, RemoteHost) and host.is_reachable and host.silent:
        return Part(Health.DEGRADED, "; ".join(f"{model_id}: {why}" for model_id, why in host.silent.items()))
    if host.is_reachable:
        return Part(Health.OK, "it answers")
    return Part(Health.DEGRADED, "it doesn't answer: what runs goes on, nothing can be started")
