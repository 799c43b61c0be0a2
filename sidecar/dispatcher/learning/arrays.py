"""Arrays as JSON, for artifacts that a stranger may have written: no pickle, and only finite numbers come back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from dispatcher.learning.examples import Floats


def dump_arrays(values: Mapping[str, object]) -> bytes:
    """Write names with arrays, lists, numbers or strings."""
    return orjson.dumps(dict(values), option=orjson.OPT_SERIALIZE_NUMPY)


def load_arrays(packed: bytes) -> dict[str, Any]:
    """Read them again, arrays as lists; ValueError when it isn't a JSON object."""
    values = orjson.loads(packed)
    if not isinstance(values, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - one error type for whatever is wrong with a file
    return values


def floats(values: object) -> Floats:
    """Make an array of nested lists; ValueError when they aren't finite numbers in rows of one length."""
    array = np.array(values, np.float64)
    if not np.isfinite(array).all():
        raise ValueError("not finite")
    return array
