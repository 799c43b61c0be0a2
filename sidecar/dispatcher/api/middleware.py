"""What happens to every request before and after its handler: host, token, errors, and headers."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from dispatcher.api.routes import Scope, Voice
from dispatcher.api.schemas import ErrorDetail, ErrorReply
from dispatcher.api.tokens import Tokens
from dispatcher.api.voices import error_body, no_route, status_in, voice_of_path
from dispatcher.core.job import Owner
from dispatcher.errors import (
    BodyTooLarge,
    DeadlineExceeded,
    DeadlineInfeasible,
    DispatcherError,
    HostNotAllowed,
    InvalidAnswer,
    MalformedBody,
    MethodNotAllowed,
    RouteNotFound,
    UnsupportedMedia,
)
from dispatcher.metrics import Metrics

_LOG = structlog.get_logger(__name__)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
DISPATCH_ID = web.RequestKey("dispatch_id", str)
CALLER = web.RequestKey("caller", Owner)
VOICE = web.RequestKey("voice", Voice)
_TRIED_ENOUGH = (DeadlineExceeded, InvalidAnswer)  # all time is spent, or all models were asked again already
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Guard:
    """Lets requests in: the right host, a token of the route's scope, no compressed bodies."""

    def __init__(self, hosts: frozenset[str], tokens: Tokens | None, scopes: Mapping[tuple[str, str], Scope]) -> None:
        self._hosts = hosts
        self._tokens = tokens
        self._scopes = scopes

    def check(self, request: web.Request) -> None:
        """Raise what keeps this request out, if anything does."""
        host = _host_of(request)
        if host not in self._hosts:
            raise HostNotAllowed("Host: this sidecar doesn't answer to that name; add it to AI_DISPATCH_ALLOWED_HOSTS")
        resource = request.match_info.route.resource
        path = resource.canonical if resource else ""
        # A route that nobody listed is the owner's; a path that doesn't exist is told to whoever has a token.
        scope = self._scopes.get((request.method, path), Scope.ADMIN) if resource else Scope.DISPATCH
        if self._tokens is not None and scope is not Scope.OPEN:
            caller = self._tokens.check(request.headers.get("Authorization"), scope)
            request[CALLER] = Owner.ADMIN if caller is Scope.ADMIN else Owner.DISPATCH
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise UnsupportedMedia("Content-Encoding: compressed bodies aren't taken; send plain JSON")


def middleware(guard: Guard, metrics: Metrics, voices: Mapping[str, Voice]) -> Middleware:
    """The one middleware of the application; `voices` says what each path speaks."""

    @web.middleware
    async def handle(request: web.Request, handler: _Handler) -> web.StreamResponse:
        request[VOICE] = _voice_of(request, voices)
        try:
            guard.check(request)
            response = await handler(request)
        except DispatcherError as error:
            response = error_response(request, error, metrics)
        except web.HTTPException as error:
            response = error_response(request, _translated(error, request.path, voices), metrics)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - the last door before the caller: it must answer, and say so in the log
            _LOG.exception("handler_failed", path=request.path, error=type(error).__name__)
            response = error_response(
                request, DispatcherError("something went wrong inside; its log says what"), metrics
            )
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    return handle


def error_response(request: web.Request, error: DispatcherError, metrics: Metrics) -> web.Response:
    """An error as a client of this route expects it."""
    metrics.errors.labels(error.code).inc()
    voice, dispatch_id = request[VOICE], request.get(DISPATCH_ID)
    body = error_body(voice, error, error_reply(error, dispatch_id))
    response = web.Response(body=body, status=status_in(voice, error), content_type="application/json")
    response.headers.update({"x-dispatch-error": error.code} | ({"x-dispatch-id": dispatch_id} if dispatch_id else {}))
    if voice is Voice.OPENAI and (isinstance(error, _TRIED_ENOUGH) or not error.may_be_retried):
        response.headers["x-should-retry"] = "false"  # else its clients ask again, twice, after each 5xx
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    return response


def error_reply(error: DispatcherError, dispatch_id: str | None, *, is_incomplete: bool = False) -> ErrorReply:
    """The body of an error."""
    return ErrorReply(
        error=ErrorDetail(
            code=error.code,
            message=error.message,
            retryable=error.may_be_retried,
            retry_after_s=_rounded_up(error.retry_after_s),
            feasible_in_s=_rounded_up(error.feasible_in_s) if isinstance(error, DeadlineInfeasible) else None,
            dispatch_id=dispatch_id,
            origin=error.origin.value,
            incomplete=is_incomplete,
        )
    )


def _rounded_up(duration_s: float | None) -> float | None:
    """To a tenth of a second, so that what is told is enough."""
    return None if duration_s is None else math.ceil(duration_s * 10) / 10


def owner_of(request: web.Request) -> Owner:
    """Whose jobs this request makes; where no tokens are asked for, everybody is the admin."""
    owner: Owner = request.get(CALLER, Owner.ADMIN)
    return owner


def sight_of(request: web.Request) -> Owner | None:
    """Whose jobs this request may see; None for all."""
    owner = owner_of(request)
    return None if owner is Owner.ADMIN else owner


def _voice_of(request: web.Request, voices: Mapping[str, Voice]) -> Voice:
    resource = request.match_info.route.resource
    voice = voices.get(resource.canonical if resource else request.path)
    return voice or voice_of_path(request.path)


def _translated(error: web.HTTPException, path: str, voices: Mapping[str, Voice]) -> DispatcherError:
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return BodyTooLarge("the body is longer than AI_DISPATCH_REQUEST_BYTES_MAX")
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return MethodNotAllowed(f"this route takes {allowed}, not {error.method}")
    if isinstance(error, web.HTTPNotFound):
        return RouteNotFound(no_route(path, voices))
    return MalformedBody(f"the request can't be read: {error.reason}")


def _host_of(request: web.Request) -> str:
    """The host name the caller used, without its port, or nothing when there isn't exactly one."""
    names = request.headers.getall("Host", [])
    if len(names) != 1:
        return ""
    name = names[0].lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.rpartition(":")[0] if name.count(":") == 1 else name
