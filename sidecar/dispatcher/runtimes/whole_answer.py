"""One request whose answer is read whole, up to a limit; each fault of the wire becomes one error."""

from typing import Any

import aiohttp
import orjson

from dispatcher.core.replica import Endpoint
from dispatcher.core.task import ModelId
from dispatcher.errors import InvalidRequest, RuntimeBadAnswer, RuntimeIncomplete, RuntimeUnreachable
from dispatcher.runtimes.foreign_faults import raise_foreign_fault


async def posted(
    session: aiohttp.ClientSession, endpoint: Endpoint, path: str, body: object, bytes_max: int, model_id: ModelId
) -> tuple[int, bytes]:
    """The status and the body of the answer to a POST of JSON.

    Raises: RuntimeUnreachable, RuntimeIncomplete or RuntimeBadAnswer; of a server that isn't ours also
        RuntimeRateLimited or RuntimeDenied; InvalidRequest when the body can't be JSON.
    """
    headers = {**endpoint.auth_headers, "Content-Type": "application/json"}
    url = f"{endpoint.base_url}{path}"
    try:
        response = await session.post(url, data=_dumped(body), headers=headers, allow_redirects=False)
    except aiohttp.ClientResponseError as error:
        raise RuntimeBadAnswer("the inference server answered with something that isn't HTTP") from error
    except (aiohttp.ClientError, ConnectionError) as error:
        raise RuntimeUnreachable(
            f"the inference server can't be reached, or hung up before answering ({type(error).__name__})",
            was_asked=not isinstance(error, aiohttp.ClientConnectorError),
        ) from error
    async with response:
        if endpoint.is_foreign:
            raise_foreign_fault(response.status, response.headers, model_id)
        return response.status, await _whole(response, bytes_max)


def json_object(body: bytes) -> dict[str, Any]:
    """The object that a body is. RuntimeBadAnswer when it is none."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RuntimeBadAnswer("the inference server answered with something that isn't JSON in UTF-8") from error
    if not isinstance(value, dict):
        raise RuntimeBadAnswer("the inference server answered with JSON of an unknown shape")
    return value


def _dumped(body: object) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError as error:  # lone surrogates
        raise InvalidRequest("input: a text holds what isn't valid Unicode; send it without") from error


async def _whole(response: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise RuntimeBadAnswer("the inference server sent its answer compressed")
    blocks: list[bytes] = []
    left = bytes_max
    try:
        async for block in response.content.iter_any():
            blocks.append(block)
            left -= len(block)
            if left < 0:
                raise RuntimeBadAnswer(f"the inference server sent more than {bytes_max} bytes")
    except (aiohttp.ClientError, ConnectionError) as error:
        raise RuntimeIncomplete("the inference server hung up in the middle of its answer") from error
    return b"".join(blocks)
