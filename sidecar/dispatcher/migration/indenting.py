"""JSON in one line, laid out for people; every number and string stays as it is written."""

from dispatcher.migration.json_parts import Array, Object, Part

_STEP = "  "


def indented(text: str, part: Part, indent: str = "") -> str:
    """A part of a text, a member or an item on each line."""
    inner = indent + _STEP
    match part:
        case Object(members=members) if members:
            lines = [f"{text[one.key.start : one.key.end]}: {indented(text, one.value, inner)}" for one in members]
            return _lines("{", lines, "}", indent)
        case Array(items=items) if items:
            return _lines("[", [indented(text, item, inner) for item in items], "]", indent)
    return text[part.start : part.end]


def _lines(opening: str, lines: list[str], closing: str, indent: str) -> str:
    between = f",\n{indent}{_STEP}"
    return f"{opening}\n{indent}{_STEP}{between.join(lines)}\n{indent}{closing}"
