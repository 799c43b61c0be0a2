"""GET /health, /ready, /metrics and /openapi.json: for whoever runs the sidecar."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from dispatcher import __version__
from dispatcher.api.bodies import json_response
from dispatcher.api.routes import Route, Scope
from dispatcher.api.schemas import HealthReply, ReadyPartReply, ReadyReply
from dispatcher.service.readiness import Health, Readiness


@dataclass(frozen=True, slots=True)
class OperationsApi:
    """Tells how the sidecar does. `metrics` and `openapi` give the finished documents."""

    readiness: Readiness
    metrics: Callable[[], Awaitable[bytes]]
    openapi: Callable[[], bytes]

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("GET", "/health", Scope.OPEN, "Say that the process is alive", self.health, reply=HealthReply),
            Route("GET", "/ready", Scope.OPEN, "Say what works and what doesn't", self.ready, reply=ReadyReply),
            Route(
                "GET",
                "/metrics",
                Scope.DISPATCH,
                "Metrics for Prometheus",
                self.show_metrics,
                media_type="text/plain",
            ),
            Route(
                "GET",
                "/openapi.json",
                Scope.OPEN,
                "This API, described",
                self.show_openapi,
                media_type="application/openapi+json",
            ),
        ]

    async def health(self, _request: web.Request) -> web.StreamResponse:
        """Alive."""
        return json_response(HealthReply(status="ok", version=__version__))

    async def ready(self, _request: web.Request) -> web.StreamResponse:
        """Ready, degraded or not ready (503)."""
        parts = await self.readiness.parts()
        healths = {part.health for part in parts.values()}
        status = "not_ready" if Health.DOWN in healths else "degraded" if Health.DEGRADED in healths else "ready"
        reply = ReadyReply.model_validate(
            {
                "status": status,
                "parts": {
                    name: ReadyPartReply(status=part.health.value, detail=part.detail) for name, part in parts.items()
                },
            }
        )
        return json_response(reply, 503 if status == "not_ready" else 200)

    async def show_metrics(self, _request: web.Request) -> web.StreamResponse:
        """All metrics."""
        return web.Response(body=await self.metrics(), content_type="text/plain", charset="utf-8")

    async def show_openapi(self, _request: web.Request) -> web.StreamResponse:
        """The OpenAPI document."""
        return web.Response(body=self.openapi(), content_type="application/openapi+json")
