"""How large a caller's JSON schema may be."""

import math
from collections.abc import Iterator
from typing import Any

from dispatcher.errors import InvalidRequest

_DEPTH_MAX = 32
_NODES_MAX = 2000


def check_size(schema: dict[str, Any], place: str) -> None:
    """Refuse a schema that would hold up everybody, or isn't JSON.

    Raises: InvalidRequest naming the place.
    """
    for count, (depth, value) in enumerate(_nodes(schema)):
        if depth > _DEPTH_MAX or count > _NODES_MAX:
            raise InvalidRequest(
                f"{place}: the schema is nested deeper than {_DEPTH_MAX} or has more than {_NODES_MAX} parts; "
                "make it smaller"
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidRequest(f"{place}: the schema holds a number that isn't finite")


def _nodes(top: object) -> Iterator[tuple[int, object]]:
    left: list[tuple[int, object]] = [(0, top)]
    while left:
        depth, value = left.pop()
        yield depth, value
        if isinstance(value, dict):
            left.extend((depth + 1, part) for part in value.values())
        elif isinstance(value, list):
            left.extend((depth + 1, part) for part in value)
