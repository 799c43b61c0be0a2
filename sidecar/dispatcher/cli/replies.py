"""What a sidecar replied: as a typed value, or as one line of JSON."""

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from dispatcher.cli.faults import NotASidecar

_Kind = TypeVar("_Kind", bound=BaseModel)


def read(kind: type[_Kind], reply: bytes) -> _Kind:
    """Read a reply; fields that a newer sidecar added are passed over."""
    try:
        return kind.model_validate_json(reply, extra="ignore")
    except ValidationError as error:
        raise NotASidecar(
            "the answer isn't one this version of ai-dispatch knows; is --url right, and the sidecar as new?"
        ) from error


def one_line(reply: bytes) -> str:
    """The same JSON on a single line."""
    try:
        value: Any = orjson.loads(reply)
    except orjson.JSONDecodeError as error:
        raise NotASidecar("the answer isn't JSON; is --url right?") from error
    return orjson.dumps(value).decode()
