"""What a route is: everything that serving it and describing it need, in one place."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from aiohttp import web
from pydantic import BaseModel

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Scope(StrEnum):
    """Who may use a route."""

    OPEN = "open"  # anyone who reaches the port
    DISPATCH = "dispatch"  # n8n: ask, explain, look at models and results
    ADMIN = "admin"  # the owner: everything


class Voice(StrEnum):
    """The protocol that a route speaks, and so the shape of its errors."""

    OWN = "own"
    OLLAMA = "ollama"
    OPENAI = "openai"


@dataclass(frozen=True, slots=True)
class Query:
    """One query parameter, or one header."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    Args:
        body: the request's JSON body; None when it takes none.
        reply: the JSON reply; None when it isn't JSON.
        media_type: of the reply, when it isn't JSON.
        status: of a reply that isn't an error; `also` are others that such a reply may have.
        events: names of the server-sent events the reply may stream, each with its data model.
        streams: the media type in which the reply may be streamed instead, as the route's protocol words it.
        has_slashes: whether the last parameter of the path may hold slashes, as names of models do.
    """

    method: str
    path: str
    scope: Scope
    summary: str
    handler: Handler
    body: type[BaseModel] | None = None
    reply: type[BaseModel] | None = None
    media_type: str = "application/json"
    events: tuple[tuple[str, type[BaseModel]], ...] = ()
    queries: tuple[Query, ...] = ()
    headers: tuple[Query, ...] = ()
    status: int = 200
    also: tuple[int, ...] = ()
    voice: Voice = Voice.OWN
    streams: str | None = None
    has_slashes: bool = False

    @property
    def pattern(self) -> str:
        """The path as aiohttp matches it."""
        return f"{self.path.removesuffix('}')}:.+}}" if self.has_slashes else self.path
