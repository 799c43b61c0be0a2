"""Server-sent events, taken from bytes as they come."""

from collections.abc import Iterator
from dataclasses import dataclass

_EVENT_BYTES_MAX = 16_777_216  # the last event repeats the whole answer


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `data` is JSON text here."""

    name: str
    data: bytes


class EventReader:
    """Cuts a byte stream into events, wherever the pieces happen to break.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, without ids and retries.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[Event]:
        """Yield the events that this piece completes.

        Raises: ValueError when a line or an event never ends.
        """
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            event = self._take(line.removesuffix(b"\r"))
            if event is not None:
                yield event
        if len(self._rest) + sum(map(len, self._data)) > _EVENT_BYTES_MAX:
            raise ValueError(f"an event longer than {_EVENT_BYTES_MAX} bytes")

    def _take(self, line: bytes) -> Event | None:
        if line:
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"event":
                self._name = value.decode(errors="replace")
            elif field == b"data":
                self._data.append(value)
            return None
        event = Event(self._name or "message", b"\n".join(self._data)) if self._data else None
        self._name, self._data = "", []
        return event
