"""Waiting until something is so, or giving up."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp


async def until(probe: Callable[[], Awaitable[object]], what: str, within_s: float) -> None:
    """Wait until `probe` says yes; end the program when it doesn't in time."""
    give_up_s = time.monotonic() + within_s
    while not await probe():
        if time.monotonic() > give_up_s:
            sys.exit(f"not within {within_s:.0f} s: {what}")
        await asyncio.sleep(0.01)


async def until_healthy(address: str, what: str, within_s: float) -> None:
    """Wait until /health at this address is 200."""
    async with aiohttp.ClientSession(address) as http:
        await until(lambda: _is_healthy(http), what, within_s)


async def _is_healthy(http: aiohttp.ClientSession) -> bool:
    try:
        async with http.get("/health") as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False
