"""Writes numbered notes until it is killed, and prints each number once the write has returned. Usage: … PATH FIRST"""

import asyncio
import itertools
import sys
from pathlib import Path

from dispatcher.store.database import Database
from tests.unit.store.notes import note

_WRITERS = 8


async def main() -> None:
    """Never returns."""
    db = await Database.open(Path(sys.argv[1]))
    numbers = itertools.count(int(sys.argv[2]))

    async def write_on() -> None:
        while True:
            number = next(numbers)
            await db.write(note(f"{number} first", f"{number} second"))
            print(number, flush=True)

    await asyncio.gather(*(write_on() for _ in range(_WRITERS)))


asyncio.run(main())
