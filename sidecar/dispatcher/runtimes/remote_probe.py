"""Asking whether a server that an admin entered is there and lets us in, by its list of models: that costs nothing."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import aiohttp
import orjson

from dispatcher.core.model import RuntimeKind
from dispatcher.core.replica import Endpoint
from dispatcher.runtimes.foreign_faults import retry_after_s
from dispatcher.runtimes.guarded import denial_in

_ANSWER_S = 10.0
_BYTES_MAX = 8 * 1024 * 1024  # some sell hundreds of models, and describe each


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of it.

    Args:
        why_not: why the model can't be used; None when it can.
        remark: what seems wrong though it may work.
        again_s: for how long it wants to be left alone.
    """

    why_not: str | None = None
    remark: str | None = None
    again_s: float | None = None


class RemoteProbe:
    """Looks at servers, over the session whose connections are guarded."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def look(self, endpoint: Endpoint, kind: RuntimeKind) -> Seen:
        """Ask once. Nothing is raised, and no redirect followed."""
        url = f"{endpoint.base_url}/api/tags" if kind is RuntimeKind.OLLAMA else f"{endpoint.api_url}/models"
        try:
            async with (
                asyncio.timeout(_ANSWER_S),
                self._session.get(url, headers=endpoint.auth_headers, allow_redirects=False) as response,
            ):
                if response.status != 200:
                    return _of_status(response.status, response, endpoint, kind)
                return _of_list(await _whole(response), endpoint.model, kind)
        except TimeoutError:
            return Seen(f"its server didn't answer within {_ANSWER_S:.0f} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Seen(denial_in(error) or f"its server can't be reached ({_kind_of(error)})")


def _of_status(status: int, response: aiohttp.ClientResponse, endpoint: Endpoint, kind: RuntimeKind) -> Seen:
    if status in (401, 403):
        said = "doesn't accept its api_key" if endpoint.api_key else "wants a key; enter its api_key"
        return Seen(f"its server {said} ({status})")
    if status == 429:
        return Seen(again_s=retry_after_s(response.headers))
    if 300 <= status < 400:
        return Seen(f"its server sends us elsewhere ({status}), which isn't followed; enter the URL it leads to")
    if status >= 500:
        return Seen(f"its server is unwell: it answered {status}")
    if kind is RuntimeKind.OLLAMA:
        return Seen(f"its server answered {status} to /api/tags; is it an Ollama, and its URL right?")
    return Seen(remark=f"its server has no list of models ({status}); whether it works, the first answer shows")


def _of_list(body: bytes | None, model: str, kind: RuntimeKind) -> Seen:
    names = None if body is None else _names(body, kind)
    if kind is RuntimeKind.OLLAMA:
        if names is None:
            return Seen("its server sent something that is no list of models; is it an Ollama?")
        if model not in names and f"{model}:latest" not in names:
            return Seen(f"its Ollama doesn't have {model}; run there: ollama pull {model}")
    elif names is None:
        return Seen(remark="its server sent something that is no list of models; is its URL right?")
    elif model not in names and f"models/{model}" not in names:
        return Seen(remark=f"its server doesn't list a model {model}; is the reference right?")
    return Seen()


def _names(body: bytes, kind: RuntimeKind) -> frozenset[str] | None:
    """The names in a list of models; None when it is none."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if isinstance(parsed, list):  # some leave out what is around it
        parsed = {"data": parsed}
    ollama = kind is RuntimeKind.OLLAMA
    models = parsed.get("models" if ollama else "data") if isinstance(parsed, dict) else None
    if not isinstance(models, list):
        return None
    return frozenset(_texts(one.get("name" if ollama else "id") for one in models if isinstance(one, dict)))


def _texts(values: Iterable[object]) -> Iterable[str]:
    return (value for value in values if isinstance(value, str))


async def _whole(response: aiohttp.ClientResponse) -> bytes | None:
    """A body that isn't too long; None of one that is."""
    body = b""
    async for block in response.content.iter_any():
        body += block
        if len(body) > _BYTES_MAX:
            return None
    return body


def _kind_of(error: Exception) -> str:
    """What went wrong, in the words of the error's kind: its text may hold a URL's parts."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its name isn't known"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return "its certificate or TLS is at fault"
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError):
        return "nothing listens there"
    return type(error).__name__
