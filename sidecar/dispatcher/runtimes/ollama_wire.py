"""One request to Ollama, and its answer as bytes or lines; each fault of the wire becomes one error.

Source: https://docs.ollama.com/api
"""

from collections import deque
from typing import Any

import aiohttp
import orjson

from dispatcher.core.replica import Endpoint
from dispatcher.errors import RuntimeBadAnswer, RuntimeIncomplete, RuntimeUnreachable

_LINE_BYTES_MAX = 1024 * 1024
_BODY_BYTES_MAX = 1024 * 1024


async def request(
    session: aiohttp.ClientSession, endpoint: Endpoint, method: str, path: str, body: bytes | None = None
) -> aiohttp.ClientResponse:
    """The answer's head, whatever its status; the caller closes it.

    Raises: RuntimeUnreachable or RuntimeBadAnswer.
    """
    headers = endpoint.auth_headers
    if body is not None:
        headers["Content-Type"] = "application/json"
    try:
        return await session.request(
            method, f"{endpoint.base_url}{path}", data=body, headers=headers, allow_redirects=False
        )
    except aiohttp.ClientResponseError as error:
        raise RuntimeBadAnswer("the inference server answered with something that isn't HTTP") from error
    except (aiohttp.ClientError, ConnectionError) as error:
        raise RuntimeUnreachable(
            f"the inference server can't be reached, or hung up before answering ({type(error).__name__})",
            was_asked=not isinstance(error, aiohttp.ClientConnectorError),
        ) from error


async def whole(response: aiohttp.ClientResponse) -> bytes:
    """A short body, whole. RuntimeIncomplete when it breaks off, RuntimeBadAnswer when it isn't short."""
    body = b""
    while block := await _block(response.content):
        body += block
        if len(body) > _BODY_BYTES_MAX:
            raise RuntimeBadAnswer(f"the inference server sent more than {_BODY_BYTES_MAX} bytes")
    return body


def json_object(text: bytes) -> dict[str, Any]:
    """The object in a body or a line. RuntimeBadAnswer when it is none."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RuntimeBadAnswer("the inference server sent a line that isn't JSON in UTF-8") from error
    if not isinstance(value, dict):
        raise RuntimeBadAnswer("the inference server sent a line of an unknown shape")
    return value


class LineReader:
    """Reads the objects of a stream of JSON lines as they come; it never reads ahead of who asks."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        if response.content_type != "application/x-ndjson":
            raise RuntimeBadAnswer(f"the inference server sent {response.content_type}, not a stream of JSON lines")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise RuntimeBadAnswer("the inference server sent its answer compressed")
        self._content = response.content
        self._lines: deque[bytes] = deque()
        self._rest = b""

    async def next(self) -> dict[str, Any]:
        """The next object. RuntimeIncomplete when the body ends first."""
        while True:
            while self._lines:
                if line := self._lines.popleft().strip():
                    return json_object(line)
            block = await _block(self._content)
            if not block:
                raise RuntimeIncomplete("the inference server's answer ended before its last line")
            *lines, self._rest = (self._rest + block).split(b"\n")
            self._lines.extend(lines)
            if len(self._rest) > _LINE_BYTES_MAX:
                raise RuntimeBadAnswer(f"the inference server sent a line longer than {_LINE_BYTES_MAX} bytes")


async def _block(content: aiohttp.StreamReader) -> bytes:
    try:
        return await content.readany()
    except (aiohttp.ClientError, ConnectionError) as error:
        raise RuntimeIncomplete("the inference server hung up in the middle of its answer") from error
