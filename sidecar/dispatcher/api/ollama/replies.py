"""Reading requests of Ollama's protocol, and the headers that go with its replies."""

from collections.abc import Sequence
from typing import TypeVar

from aiohttp import web

from dispatcher import __version__
from dispatcher.api.bodies import parsed, read_raw
from dispatcher.api.ollama.schemas import OllamaBody
from dispatcher.errors import MalformedBody

NDJSON = "application/x-ndjson"
_B = TypeVar("_B", bound=OllamaBody)


async def read_ollama(request: web.Request, model: type[_B]) -> _B:
    """Read a body, whatever type it says it is of: curl says a wrong one.

    Raises: UnsupportedMedia, MalformedBody, BodyTooLarge, or InvalidRequest naming the field and the fix.
    """
    raw = await read_raw(request, any_type=True)
    if not raw.strip():
        raise MalformedBody("missing request body")
    return parsed(raw, model)


def beside(ignored: Sequence[str] = ()) -> dict[str, str]:
    """What is said in headers whatever the answer: whose reply it is, and what of the request meant nothing."""
    headers = {"x-dispatch-version": __version__}
    return headers | {"x-dispatch-ignored": ", ".join(ignored)} if ignored else headers


def ollama_json(body: bytes, headers: dict[str, str] | None = None, status: int = 200) -> web.Response:
    """A reply in one object."""
    return web.Response(body=body, status=status, headers=headers or beside(), content_type="application/json")
