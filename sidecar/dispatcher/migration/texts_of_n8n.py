"""Strings as n8n takes them: one that begins with `=` is an expression, and code in it stands in double braces."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dispatcher.migration.json_parts import Object, Part, Text, Unreadable, parse, texts

_CODE_MAX = 10_000
_INSIDE, _BARE, _END = "\ue000", "\ue001", "\ue002"
_MARKED = re.compile(f"{_INSIDE}([0-9]+){_END}")
_WHOLE = re.compile(f"{_BARE}([0-9]+){_END}")
_QUOTED_BY_HAND = re.compile(r"stringify|replace|escape|\\|slice\(|substring", re.IGNORECASE)
_AS_JSON = re.compile(r"\s*JSON\s*\.\s*stringify\s*\((?P<value>[^;]*)\)\s*|\s*(?P<own>[^;]*)\.toJsonString\(\)\s*")


class NotCarried(ValueError):
    """A text can't be said in another field without a change of what it means; the message says why."""


@dataclass(frozen=True, slots=True)
class Template:
    """JSON with code in it, read around the code.

    Args:
        source: the JSON with marks in place of code; `root` is read from it.
        codes: what the marks stand for.
    """

    source: str
    root: Object
    codes: tuple[str, ...]

    def text(self, part: Text) -> str:
        """A string of the JSON as the value of an n8n field. Raises: NotCarried."""
        whole = _WHOLE.fullmatch(part.value)
        if whole:
            return "={{ " + _value_of(self.codes[int(whole[1])]) + " }}"
        if not _MARKED.search(part.value):
            return as_literal(part.value)
        return "=" + _MARKED.sub(lambda found: "{{" + self._unquoted(int(found[1])) + "}}", part.value)

    def has_code(self, part: Part) -> bool:
        """Whether any code stands in a part."""
        return any(mark in text.value for mark in (_INSIDE, _BARE) for text in texts(part))

    def _unquoted(self, place: int) -> str:
        code = self.codes[place]
        if _QUOTED_BY_HAND.search(code):
            raise NotCarried("its expression escapes text for JSON by hand")
        return code


def holes(text: str) -> Iterator[tuple[int, int]]:
    """Where code stands in an expression, braces included."""
    start = text.find("{{")
    while start >= 0 and (closing := text.find("}}", start + 2)) >= 0:
        yield start, closing + 2
        start = text.find("{{", closing + 2)


def as_literal(text: str) -> str:
    """A text as the value of a field that takes expressions too. Raises: NotCarried when it would become one."""
    if text.startswith("="):
        raise NotCarried("its text begins with =, and would be taken for an expression")
    return text


def read_template(field: str) -> Template:
    """Read a field that holds JSON, literal or with code in it. Raises: NotCarried when it holds something else."""
    if any(mark in field for mark in (_INSIDE, _BARE, _END)):
        raise NotCarried("its body holds characters that can't be told apart")
    marked, codes = _marked(field[1:]) if field.startswith("=") else (field, ())
    what = "its body is code, not JSON with code in it" if codes else "its body isn't a JSON object"
    try:
        root = parse(marked)
    except Unreadable as error:
        raise NotCarried(what) from error
    if not isinstance(root, Object):
        raise NotCarried(what)
    return Template(marked, root, codes)


def _marked(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with a mark for each piece of code: as part of a string where it stands in one, else as a string."""
    pieces: list[str] = []
    codes: list[str] = []
    place = 0
    is_inside = False
    for start, end in holes(text):
        before = text[place:start]
        is_inside ^= len(re.findall(r'(?<!\\)(?:\\\\)*"', before)) % 2 == 1
        mark = f"{_INSIDE if is_inside else _BARE}{len(codes)}{_END}"
        pieces += (before, mark if is_inside else json.dumps(mark, ensure_ascii=False))
        codes.append(text[start + 2 : end - 2])
        place = end
    return "".join((*pieces, text[place:])), tuple(codes)


def _value_of(code: str) -> str:
    """What code turns into JSON, when that is all it does."""
    found = _AS_JSON.fullmatch(code) if len(code) <= _CODE_MAX else None
    value = (found["value"] or found["own"] or "").strip() if found else ""
    if not value or not _is_one_value(value):
        raise NotCarried("its prompt is code that makes JSON")
    return value


def _is_one_value(code: str) -> bool:
    """Whether brackets match, no comma stands between them, and no string could hide either."""
    depth = 0
    for letter in re.sub(r"'[^'\\]*'|\"[^\"\\]*\"|`[^`\\$]*`", "", code):
        depth += (letter in "([{") - (letter in ")]}")
        if depth < 0 or (depth == 0 and letter in ",;") or letter in "'\"`":
            return False
    return depth == 0
