"""Waits for something to become true, with an end."""

import time
from collections.abc import Callable
from typing import TypeVar

_PAUSE_S = 0.1

Value = TypeVar("Value")


def until(look: Callable[[], Value | None], *, within_s: float, what: str) -> Value:
    """Return the first thing `look` finds; raise TimeoutError when it has found nothing in time."""
    give_up_at = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"{what} did not happen within {within_s:.0f} s")
        time.sleep(_PAUSE_S)
