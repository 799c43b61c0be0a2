"""Databases that are closed when a test ends, however it ends, and an alarm for anything that blocks the loop."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest
from blockbuster import blockbuster_ctx

from dispatcher.store.database import Database


class OpenDatabase(Protocol):
    """Opens a database with these limits; the test may close it."""

    async def __call__(self, path: Path, **limits: float) -> Database: ...


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> Iterator[None]:
    with blockbuster_ctx():
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database may be made."""
    return tmp_path / "dispatch.db"


@pytest.fixture
async def open_database() -> AsyncIterator[OpenDatabase]:
    """Opens databases, and closes those that are still open at the end."""
    async with AsyncExitStack() as opened:

        async def open_database(path: Path, **limits: float) -> Database:
            database = await Database.open(path, **limits)  # type: ignore[arg-type]
            opened.push_async_callback(database.close)
            return database

        yield open_database


@pytest.fixture
async def db(open_database: OpenDatabase, path: Path) -> Database:
    """An empty database."""
    return await open_database(path)
