"""How a JSON file is laid out, and new values written in the same way."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dispatcher.migration.json_parts import Object

_LONE = re.compile("[\ud800-\udfff\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Raw:
    """A value as it is written elsewhere in the file."""

    text: str


Value = str | bool | int | None | Raw | Mapping[str, "Value"] | tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Of the members of one object. `newline` is empty when all stands in one line."""

    newline: str
    indent: str
    step: str
    colon: str
    comma: str

    @property
    def between(self) -> str:
        """What stands between two members."""
        return f",{self.newline}{self.indent}" if self.newline else self.comma

    def inner(self) -> "Layout":
        """The layout of an object that is a member's value."""
        return replace(self, indent=self.indent + self.step)

    def outer(self) -> "Layout":
        """The layout of the members beside the object."""
        return replace(self, indent=self.indent.removesuffix(self.step))


def layout_of(text: str, target: Object) -> Layout:
    """How an object's members are laid out, read from the first of them; it has at least one."""
    first, last = target.members[0], target.members[-1]
    gap = text[target.start + 1 : first.key.start]
    colon = text[first.key.end : first.value.start]
    if "\n" not in gap:
        return Layout("", "", "", colon, ", " if colon != ":" else ",")
    indent = gap.rpartition("\n")[2]
    closing = text[last.value.end : target.end - 1].rpartition("\n")[2]
    step = indent.removeprefix(closing) if indent.startswith(closing) else "  "
    return Layout("\r\n" if "\r\n" in gap else "\n", indent, step or "  ", colon, ",")


def rendered(value: Value, layout: Layout) -> str:
    """A member's value as JSON text."""
    match value:
        case Raw(text):
            return text
        case str():
            return written(value)
        case bool() | int() | None:
            return json.dumps(value)
        case tuple():
            return _enclosed("[]", [rendered(item, layout.inner()) for item in value], layout)
        case _:
            inner = layout.inner()
            return _enclosed(
                "{}", [f"{written(key)}{layout.colon}{rendered(one, inner)}" for key, one in value.items()], layout
            )


def written(text: str) -> str:
    """A string as JSON: readable, and without what no UTF-8 file can hold."""
    return _LONE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _enclosed(brackets: str, items: list[str], layout: Layout) -> str:
    opening, closing = brackets[0], brackets[1]
    if not items:
        return brackets
    if not layout.newline:
        return opening + layout.comma.join(items) + closing
    inner = layout.inner()
    return f"{opening}{inner.newline}{inner.indent}{inner.between.join(items)}{layout.newline}{layout.indent}{closing}"
