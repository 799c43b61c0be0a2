"""GET /api/containers: the replicas there are now."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.bodies import json_response
from dispatcher.api.routes import Route, Scope
from dispatcher.api.schemas import ContainerReply, ContainersReply
from dispatcher.core.replica import Resident
from dispatcher.service.fleet import Fleet
from dispatcher.service.replica import Replica


@dataclass(frozen=True, slots=True)
class ContainersApi:
    """Shows the fleet."""

    fleet: Fleet
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
            )
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

    def _reply(self, replica: Replica, resident: Resident) -> ContainerReply:
        return ContainerReply(
            id=replica.id,
            model=replica.model_id,
            host=replica.spec.host,
            state=replica.state,
            pid=replica.pid,
            threads=replica.order.threads,
            slots=replica.order.slots,
            in_flight=replica.in_flight,
            waiting=replica.waiting,
            memory_mib=replica.memory_mib,
            memory_peak_mib=replica.memory_peak_mib,
            memory_reserved_mib=replica.footprint_mib,
            idle_s=round(resident.idle_s, 1),
            ready_in_s=round(resident.ready_in_s, 1),
            uptime_s=round(self.now() - replica.opened_s, 1),
            reason=replica.reason,
        )
