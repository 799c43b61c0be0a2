"""The HTTP client of one sidecar: every fault of the wire becomes one line that a person can act on."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

import aiohttp
from pydantic import ValidationError

from dispatcher.api.schemas import ErrorReply
from dispatcher.cli.events import Event, EventReader
from dispatcher.cli.faults import CommandFault, ErrorAnswered, NoSidecar, NotASidecar, Silent
from dispatcher.cli.target import Target, find_target

_CONNECT_S = 5.0
_QUICK_S = 30.0
_SILENCE_MAX_S = 300.0  # between two events; fetching from a package index can be quiet for long
_REPLY_BYTES_MAX = 67_108_864
_ENTITY_HEADERS = {"Content-Type": "application/json"}

_Result = TypeVar("_Result")


class Client:
    """Asks one sidecar. Replies come as JSON bytes, see replies.py."""

    def __init__(self, target: Target, session: aiohttp.ClientSession) -> None:
        self._target = target
        self._session = session

    async def get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        timeout_s: float = _QUICK_S,
        replies: frozenset[int] = frozenset(),
    ) -> bytes:
        """The body that this path answers with; `replies` are HTTP statuses that aren't errors on this path."""
        async with self._asked("GET", path, _total(timeout_s), query=query, replies=replies) as response:
            return await _body(response)

    async def send(self, method: str, path: str, body: bytes | None = None, timeout_s: float = _QUICK_S) -> bytes:
        """The body that this path answers the given JSON with, within `timeout_s` seconds."""
        async with self._asked(method, path, _total(timeout_s), body=body) as response:
            return await _body(response)

    async def events(self, path: str) -> AsyncGenerator[Event, None]:
        """The events that this path sends when asked with an empty body."""
        patience = aiohttp.ClientTimeout(total=None, connect=_CONNECT_S, sock_read=_SILENCE_MAX_S)
        reader = EventReader()
        async with self._asked("POST", path, patience) as response:
            async for piece in response.content.iter_any():
                for event in reader.feed(piece):
                    yield event

    @asynccontextmanager
    async def _asked(
        self,
        method: str,
        path: str,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - handed to aiohttp, which does the timing
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        replies: frozenset[int] = frozenset(),
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        url = self._target.url
        try:
            async with self._session.request(
                method,
                url + path,
                params=query,
                data=body,
                headers=_ENTITY_HEADERS if body is not None else None,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                if response.status >= 300 and response.status not in replies:
                    raise self._refusal(response, await _body(response))
                yield response
        except aiohttp.ClientConnectorError as error:
            raise NoSidecar(f"no sidecar answers at {url}; start one with: ai-dispatch serve") from error
        except TimeoutError as error:
            raise Silent(f"the sidecar at {url} was silent for too long") from error
        except (aiohttp.ClientError, ValueError) as error:  # aiohttp's payload errors are partly ValueErrors
            raise NotASidecar(f"{url} broke off its answer, or doesn't speak HTTP: {error}") from error

    def _refusal(self, response: aiohttp.ClientResponse, body: bytes) -> CommandFault:
        try:
            message = ErrorReply.model_validate_json(body, extra="ignore").error.message
        except ValidationError:
            return NotASidecar(
                f"{self._target.url} answers HTTP {response.status}, but not as a sidecar does; is --url right?"
            )
        if response.status in (401, 403):
            message = f"{message} ({self._target.token_from})"
        return ErrorAnswered(message, response.status)


@asynccontextmanager
async def connected(target: Target) -> AsyncIterator[Client]:
    """A client whose connections are closed at the end. Proxies of the environment aren't used."""
    headers = {"Authorization": f"Bearer {target.token}"} if target.token else {}
    async with aiohttp.ClientSession(headers=headers, trust_env=False) as session:
        yield Client(target, session)


def ask(url: str, use: Callable[[Client], Awaitable[_Result]]) -> _Result:
    """Run one conversation with the sidecar at `url`, from outside any event loop."""

    async def conversation() -> _Result:
        async with connected(target) as client:
            return await use(client)

    target = find_target(url)
    return asyncio.run(conversation())


def _total(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds, sock_connect=_CONNECT_S)


async def _body(response: aiohttp.ClientResponse) -> bytes:
    pieces = bytearray()
    async for piece in response.content.iter_any():
        pieces += piece
        if len(pieces) > _REPLY_BYTES_MAX:
            raise NotASidecar(f"an answer longer than {_REPLY_BYTES_MAX // 2**20} MiB; is --url right?")
    return bytes(pieces)
