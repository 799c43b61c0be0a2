"""The aiohttp application: the routes, the middleware, and the limits of the HTTP edge."""

from collections.abc import Sequence

from aiohttp import web

from dispatcher.api.middleware import Guard, middleware
from dispatcher.api.routes import Route
from dispatcher.api.tokens import Tokens
from dispatcher.metrics import Metrics

_KEEPALIVE_S = 75.0
_SHUTDOWN_S = 5.0


def application(
    routes: Sequence[Route], hosts: frozenset[str], tokens: Tokens | None, metrics: Metrics, body_bytes_max: int
) -> web.Application:
    """Build the application. `tokens` None serves everyone; settings allow that on loopback only."""
    scopes = {(route.method, route.path): route.scope for route in routes}
    voices = {route.path: route.voice for route in routes}
    guard = Guard(hosts, tokens, scopes)
    app = web.Application(client_max_size=body_bytes_max, middlewares=[middleware(guard, metrics, voices)])
    for route in routes:
        app.router.add_route(route.method, route.pattern, route.handler)
    return app


def runner(app: web.Application) -> web.AppRunner:
    """How the application is served: a caller that leaves cancels its handler, bodies aren't decompressed."""
    return web.AppRunner(
        app,
        handle_signals=False,
        handler_cancellation=True,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=_KEEPALIVE_S,
        shutdown_timeout=_SHUTDOWN_S,
    )
