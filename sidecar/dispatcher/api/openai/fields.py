"""Looking at the parts of a request of OpenAI's protocol, each named by its place when it is wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from dispatcher.errors import InvalidRequest


def text_at(value: object, place: str) -> str:
    """A text that must be there. InvalidRequest otherwise."""
    if not isinstance(value, str):
        raise InvalidRequest(f"{place}: this must be a text")
    return value


def object_at(value: object, place: str) -> Mapping[str, Any]:
    """An object that must be there. InvalidRequest otherwise."""
    if not isinstance(value, dict):
        raise InvalidRequest(f"{place}: this must be an object")
    return value


def list_at(value: object, place: str) -> Sequence[Any]:
    """A list; nothing is an empty one. InvalidRequest otherwise."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InvalidRequest(f"{place}: this must be a list")
    return value


def json_at(value: object, place: str) -> bytes:
    """A part as JSON. InvalidRequest when it holds a number that JSON's readers don't agree on."""
    try:
        return orjson.dumps(value)
    except TypeError as error:  # beyond 64 bits
        raise InvalidRequest(f"{place}: this holds a number of more than 64 bits; send it as text") from error
