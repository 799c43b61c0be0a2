"""Waiting for something to become true, with an end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(probe: Callable[[], Awaitable[T]], what: str, within_s: float = 15.0) -> T:
    """Ask again and again until the answer is truthy; then return it."""
    give_up_s = time.monotonic() + within_s
    while not (answer := await probe()):
        assert time.monotonic() < give_up_s, f"not within {within_s} s: {what}"
        await asyncio.sleep(0.01)
    return answer
