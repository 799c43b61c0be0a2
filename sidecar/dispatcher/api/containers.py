"""/api/containers: the replicas there are now."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from aiohttp import web

from dispatcher.api.bodies import json_response
from dispatcher.api.routes import Route, Scope
from dispatcher.api.schemas import ContainerReply, ContainersReply, FetchingReply
from dispatcher.core.replica import Resident
from dispatcher.service.fleet import Fleet
from dispatcher.service.manage import Manager
from dispatcher.service.replica import Replica, ready_in_s


@dataclass(frozen=True, slots=True)
class ContainersApi:
    """Shows the fleet."""

    fleet: Fleet
    manager: Manager
    budget_mib: int
    now: Callable[[], float]

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(
                "GET",
                "/api/containers",
                Scope.DISPATCH,
                "List the replicas: state, memory, and what they are doing",
                self.list,
                reply=ContainersReply,
            ),
            Route(
                "POST",
                "/api/containers/{id}/stop",
                Scope.ADMIN,
                "Let a replica finish what it promised, then stop",
                self.stop,
                reply=ContainersReply,
            ),
        ]

    async def list(self, _request: web.Request) -> web.StreamResponse:
        """All replicas."""
        pairs = zip(self.fleet, self.fleet.residents(), strict=True)
        return json_response(
            ContainersReply(
                memory_budget_mib=self.budget_mib,
                memory_reserved_mib=self.fleet.reserved_mib,
                containers=[self._reply(replica, resident) for replica, resident in pairs],
            )
        )

    async def stop(self, request: web.Request) -> web.StreamResponse:
        """A replica told to finish; answers with all there are."""
        self.manager.stop_replica(request.match_info["id"])
        return await self.list(request)

    def _reply(self, replica: Replica, resident: Resident) -> ContainerReply:
        return ContainerReply(
            id=replica.id,
            model=replica.model_id,
            host=replica.spec.host,
            state=replica.state,
            paused=resident.is_paused,
            breaker=resident.breaker,
            pid=replica.pid,
            threads=replica.order.threads,
            slots=replica.slots,
            in_flight=replica.in_flight,
            waiting=resident.waiting,
            memory_mib=replica.memory_mib,
            memory_peak_mib=replica.memory_peak_mib,
            memory_reserved_mib=replica.footprint_mib,
            memory_limit_mib=replica.order.memory_limit_mib if replica.order.is_ours else None,
            idle_s=round(resident.idle_s, 1),
            ready_in_s=rounded(ready_in_s(replica, self.now())),
            uptime_s=round(self.now() - replica.opened_s, 1),
            fetching=fetching_reply(replica),
            reason=replica.reason,
        )


def fetching_reply(replica: Replica) -> FetchingReply | None:
    """How far a replica's download is, if one runs."""
    return FetchingReply(**asdict(replica.fetching)) if replica.fetching else None


def rounded(duration_s: float | None) -> float | None:
    """Seconds, to a tenth."""
    return None if duration_s is None else round(duration_s, 1)
