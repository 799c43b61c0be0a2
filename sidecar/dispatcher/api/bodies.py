"""Reading JSON bodies within limits, and writing JSON replies."""

import asyncio
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from dispatcher.api.schemas import Body
from dispatcher.errors import InvalidRequest, MalformedBody, UnsupportedMedia

_READ_MAX_S = 60.0
_B = TypeVar("_B", bound=Body)


async def read_body(request: web.Request, model: type[_B]) -> _B:
    """Read and validate a JSON body.

    Raises: UnsupportedMedia, MalformedBody, BodyTooLarge, or InvalidRequest naming the field and the fix.
    """
    return parsed(await read_raw(request), model)


async def read_raw(request: web.Request, *, any_type: bool = False) -> bytes:
    """Read a body that claims to be JSON, or with `any_type` just is, as curl sends it: but never from a web page,
    which a browser lets send other types anywhere.

    Raises: UnsupportedMedia, MalformedBody, BodyTooLarge.
    """
    if request.content_type != "application/json" and (not any_type or "Origin" in request.headers):
        raise UnsupportedMedia("Content-Type: send application/json")
    try:
        async with asyncio.timeout(_READ_MAX_S):
            return await request.read()
    except TimeoutError as error:
        raise MalformedBody(f"the body didn't arrive within {_READ_MAX_S:.0f} s") from error


def parsed(raw: bytes, model: type[_B]) -> _B:
    """Validate JSON.

    Raises: MalformedBody, or InvalidRequest naming the field and the fix.
    """
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise _told(error, model) from error


def json_response(reply: BaseModel, status: int = 200) -> web.Response:
    """A reply as JSON; what is None stays in, so that a field is always there."""
    return web.Response(
        body=reply.model_dump_json(by_alias=True).encode(), status=status, content_type="application/json"
    )


def _told(error: ValidationError, model: type[BaseModel]) -> InvalidRequest | MalformedBody:
    """The first fault in words; pydantic's own never repeat what a caller sent."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "json_invalid":
        return MalformedBody(f"the body isn't JSON: {first['msg'].removeprefix('Invalid JSON: ')}")
    if first["type"] == "extra_forbidden":
        return InvalidRequest(f"{field}: there is no such field{_known(model) if '.' not in field else ''}")
    message = first["msg"].removeprefix("Value error, ")
    return InvalidRequest(f"{field}: {message}" if field else message)


def _known(model: type[BaseModel]) -> str:
    return f"; there are {', '.join(model.model_fields)}"
