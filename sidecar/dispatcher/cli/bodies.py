"""Request bodies made from options: what can't be sent is wrong usage."""

from collections.abc import Callable

import orjson
from pydantic import ValidationError

from dispatcher.api.schemas import Body
from dispatcher.cli.faults import BadUsage


def encoded(build: Callable[[], Body]) -> bytes:
    """The body that `build` makes, as JSON without what is left at its default.

    Raises: BadUsage naming the option at fault.
    """
    try:
        return orjson.dumps(build().model_dump(mode="json", exclude_defaults=True))
    except ValidationError as error:
        raise BadUsage(_first_fault(error)) from error
    except TypeError as error:  # orjson: lone surrogates, which is what bytes that aren't UTF-8 become in arguments
        raise BadUsage("one of the arguments isn't UTF-8 text") from error


def _first_fault(error: ValidationError) -> str:
    first = error.errors()[0]
    field = str(first["loc"][-1]) if first["loc"] else "the request"
    name = "ID" if field == "id" else f"--{field.replace('_', '-')}"
    return f"{name}: {first['msg']}"
