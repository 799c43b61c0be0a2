"""Server-sent events, as inference servers send them: one `data:` line each.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from collections import deque

import aiohttp

from dispatcher.errors import RuntimeBadAnswer, RuntimeIncomplete

_LINE_BYTES_MAX = 1024 * 1024
_NEITHER_DATA_NOR_ERROR = (b":", b"event:", b"id:", b"retry:")


class EventReader:
    """Reads events from a response's body as they come; it never reads ahead of who asks."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content
        self._lines: deque[bytes] = deque()
        self._rest = b""

    async def next(self) -> bytes:
        """The payload of the next event. RuntimeIncomplete when the body ends first."""
        while True:
            while self._lines:
                payload = _payload(self._lines.popleft())
                if payload:
                    return payload
            *lines, self._rest = (self._rest + await self._block()).split(b"\n")
            self._lines.extend(lines)
            if len(self._rest) > _LINE_BYTES_MAX:
                raise RuntimeBadAnswer(f"the inference server sent a line longer than {_LINE_BYTES_MAX} bytes")

    async def _block(self) -> bytes:
        try:
            block = await self._content.readany()
        except (aiohttp.ClientError, ConnectionError) as error:
            raise RuntimeIncomplete("the inference server hung up in the middle of its answer") from error
        if not block:
            raise RuntimeIncomplete("the inference server's answer ended before its end marker")
        return block


def _payload(line: bytes) -> bytes:
    """What follows `data:`, or llama.cpp's own `error:`; nothing for other fields, comments and blank lines."""
    line = line.rstrip(b"\r")
    if line.startswith((b"data:", b"error:")):
        return line.partition(b":")[2].strip()
    if not line or line.startswith(_NEITHER_DATA_NOR_ERROR):
        return b""
    raise RuntimeBadAnswer("the inference server sent a line that is no event")
