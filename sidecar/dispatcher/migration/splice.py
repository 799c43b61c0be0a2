"""Changes to a text at known places; all between them stays byte for byte."""

import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dispatcher.migration.json_parts import Object, Text
from dispatcher.migration.layout import Layout, Value, rendered, written

_PIECE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Edit:
    """What stands from `start` to `end` becomes `text`; nothing is replaced where both are the same."""

    start: int
    end: int
    text: str


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made. They don't overlap; their order doesn't matter."""
    pieces: list[str] = []
    place = 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        pieces += (text[place : edit.start], edit.text)
        place = edit.end
    return "".join((*pieces, text[place:]))


def with_members(text: str, target: Object, wanted: Mapping[str, Value], layout: Layout) -> list[Edit]:
    """The edits that give an object these members; those it has in this very wording need none.

    Args:
        layout: of the object's members.
    """
    if not target.members:
        return [Edit(target.start, target.end, rendered(dict(wanted), layout.outer()))] if wanted else []
    edits = []
    added = []
    for key, value in wanted.items():
        there = target.get(key)
        new = rendered(value, layout)
        if there is None:
            added.append(f"{layout.between}{written(key)}{layout.colon}{new}")
        elif text[there.start : there.end] != new:
            edits.append(Edit(there.start, there.end, new))
    end = target.members[-1].value.end
    return [*edits, Edit(end, end, "".join(added))] if added else edits


class StringPlaces:
    """Where the characters that a string means are written in the JSON text; its escapes are longer than they."""

    def __init__(self, text: str, string: Text) -> None:
        start = string.start + 1
        self._places = array("L", [start])
        self._places.extend(piece.end() for piece in _PIECE.finditer(text, start, string.end - 1))

    def outer(self, inner: Iterable[Edit]) -> list[Edit]:
        """Edits of what the string means, as edits of the JSON text; all its other escapes stay."""
        places = self._places
        return [Edit(places[edit.start], places[edit.end], written(edit.text)[1:-1]) for edit in inner]
