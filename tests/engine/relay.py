"""Carries connections to somewhere else, each by tasks of its own, and ends all of them at the end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

Pump = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_CHUNK = 64 * 1024


@contextlib.asynccontextmanager
async def relay(dial: Callable[[], Awaitable[Ends]], pumps: Callable[[], tuple[Pump, Pump]]) -> AsyncIterator[Pump]:
    """What a server is to do with each connection, inside the block.

    Args:
        dial: connects to where connections are carried.
        pumps: for each connection, how its bytes go there, and how they come back.
    """
    carrying: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_carry((reader, writer), dial, *pumps()))
        carrying.add(task)
        task.add_done_callback(carrying.discard)

    try:
        yield take
    finally:
        left = tuple(carrying)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Write all that comes, and then that it has ended."""
    async for chunk in chunks(reader):
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()


async def chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """All that comes, as it comes."""
    while chunk := await reader.read(_CHUNK):
        yield chunk


async def _carry(near: Ends, dial: Callable[[], Awaitable[Ends]], there: Pump, back: Pump) -> None:
    writers = [near[1]]
    try:
        far = await dial()
        writers.append(far[1])
        async with asyncio.TaskGroup() as both:
            both.create_task(there(near[0], far[1]))
            both.create_task(back(far[0], near[1]))
    except* OSError:
        pass  # one side has gone: so does the other
    finally:
        for writer in writers:
            writer.close()
