"""One process at a time: a lock that dies with its holder."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dispatcher.weights.part import NoRoom

_LOOK_AGAIN_S = 0.2
_LOOKS_MAX = 18_000  # an hour


@asynccontextmanager
async def hold(path: Path) -> AsyncIterator[None]:
    """Hold the lock at `path`, waiting for another process to let go of it. The system frees that of a dead one."""
    descriptor = await asyncio.to_thread(_open, path)
    try:
        for _ in range(_LOOKS_MAX):
            if _try_lock(descriptor):
                break
            await asyncio.sleep(_LOOK_AGAIN_S)
        else:
            raise NoRoom(f"another process has held {path} for an hour")
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise NoRoom(f"{path.parent} can't be written: {error.strerror}") from error


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
