"""JSON text as a tree whose parts know where they stand, so that everything around a change can stay as it is.

Numbers stay text: 1.0, 1e5 and twenty digits come out as they went in.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

CHARS_MAX = 10 * 2**20
CHARS_PER_PART = 10
DEPTH_MAX = 64

_SPACE = re.compile(r"[ \t\n\r]*+")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+")
_WORDS = {"true": True, "false": False, "null": None}
_BYTE_ORDER_MARK = "\ufeff"


class Unreadable(ValueError):
    """The text isn't JSON that is taken here; the message says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string; `value` is what it means, quotes and escapes resolved."""

    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number, as it is written."""

    start: int
    end: int
    raw: str


@dataclass(frozen=True, slots=True)
class Constant:
    """True, false or null."""

    start: int
    end: int
    value: bool | None


@dataclass(frozen=True, slots=True)
class Array:
    """A list of parts."""

    start: int
    end: int
    items: "tuple[Part, ...]"


@dataclass(frozen=True, slots=True)
class Member:
    """A key of an object and its value."""

    key: Text
    value: "Part"


@dataclass(frozen=True, slots=True)
class Object:
    """An object's members in their order; no key stands twice."""

    start: int
    end: int
    members: tuple[Member, ...]

    def get(self, key: str) -> "Part | None":
        """The value of a key, or None."""
        return next((member.value for member in self.members if member.key.value == key), None)

    def text(self, key: str) -> str | None:
        """The value of a key when it is a string."""
        value = self.get(key)
        return value.value if isinstance(value, Text) else None

    def object(self, key: str) -> "Object | None":
        """The value of a key when it is an object."""
        value = self.get(key)
        return value if isinstance(value, Object) else None

    def array(self, key: str) -> "tuple[Part, ...]":
        """The items of a key's list; none when it isn't a list."""
        value = self.get(key)
        return value.items if isinstance(value, Array) else ()

    def says(self, key: str, value: bool) -> bool:
        """Whether a key holds this very constant."""
        found = self.get(key)
        return isinstance(found, Constant) and found.value is value


Part = Text | Number | Constant | Array | Object


def parse(text: str, chars_max: int = CHARS_MAX) -> Part:
    """Read JSON, strictly. Raises: Unreadable."""
    if len(text) > chars_max:
        raise Unreadable(f"longer than {chars_max // 2**20} MiB")
    reader = _Reader(text, chars_max // CHARS_PER_PART)
    part, end = reader.value(1 if text.startswith(_BYTE_ORDER_MARK) else 0, 1)
    end = reader.space(end)
    if end < len(text):
        raise reader.fault(end, "something stands behind the end")
    return part


def texts(part: Part | None) -> Iterator[Text]:
    """Every string below a part, keys left out."""
    match part:
        case Text():
            yield part
        case Array():
            for item in part.items:
                yield from texts(item)
        case Object():
            for member in part.members:
                yield from texts(member.value)


class _Reader:
    def __init__(self, text: str, parts_max: int) -> None:
        self._text = text
        self._parts_left = parts_max

    def fault(self, place: int, what: str) -> Unreadable:
        line = self._text.count("\n", 0, place) + 1
        column = place - self._text.rfind("\n", 0, place)
        return Unreadable(f"line {line}, column {column}: {what}")

    def space(self, place: int) -> int:
        found = _SPACE.match(self._text, place)
        return found.end() if found else place

    def value(self, place: int, depth: int) -> tuple[Part, int]:
        place = self.space(place)
        self._parts_left -= 1
        if self._parts_left < 0:
            raise self.fault(place, "too many values")
        if depth > DEPTH_MAX:
            raise self.fault(place, f"nested deeper than {DEPTH_MAX} levels")
        match self._text[place : place + 1]:
            case "{":
                return self._object(place, depth)
            case "[":
                return self._array(place, depth)
            case '"':
                text = self._string(place)
                return text, text.end
        return self._scalar(place)

    def _scalar(self, place: int) -> tuple[Part, int]:
        for word, value in _WORDS.items():
            if self._text.startswith(word, place):
                return Constant(place, place + len(word), value), place + len(word)
        found = _NUMBER.match(self._text, place)
        if found is None:
            what = "the text ends too early" if place >= len(self._text) else "this isn't JSON"
            raise self.fault(place, what)
        return Number(place, found.end(), found[0]), found.end()

    def _string(self, place: int) -> Text:
        found = _STRING.match(self._text, place)
        if found is None:
            raise self.fault(place, "a string isn't closed, or holds a character that must be escaped")
        return Text(place, found.end(), json.loads(found[0]))

    def _array(self, start: int, depth: int) -> tuple[Part, int]:
        items: list[Part] = []
        place = self.space(start + 1)
        if self._text.startswith("]", place):
            return Array(start, place + 1, ()), place + 1
        while True:
            item, place = self.value(place, depth + 1)
            items.append(item)
            place, is_last = self._separator(place, "]")
            if is_last:
                return Array(start, place, tuple(items)), place

    def _object(self, start: int, depth: int) -> tuple[Part, int]:
        members: list[Member] = []
        keys: set[str] = set()
        place = self.space(start + 1)
        if self._text.startswith("}", place):
            return Object(start, place + 1, ()), place + 1
        while True:
            key = self._key(self.space(place), keys)
            value, place = self.value(self._colon(key.end), depth + 1)
            members.append(Member(key, value))
            place, is_last = self._separator(place, "}")
            if is_last:
                return Object(start, place, tuple(members)), place

    def _key(self, place: int, keys: set[str]) -> Text:
        if not self._text.startswith('"', place):
            raise self.fault(place, "a key in quotes must stand here")
        key = self._string(place)
        if key.value in keys:
            raise self.fault(place, f"the key {json.dumps(key.value)} stands here for the second time")
        keys.add(key.value)
        return key

    def _colon(self, place: int) -> int:
        place = self.space(place)
        if not self._text.startswith(":", place):
            raise self.fault(place, "a colon must stand here")
        return place + 1

    def _separator(self, place: int, closing: str) -> tuple[int, bool]:
        place = self.space(place)
        if self._text.startswith(closing, place):
            return place + 1, True
        if not self._text.startswith(",", place):
            raise self.fault(place, f"a comma or {closing} must stand here")
        return place + 1, False
