"""A sidecar that is killed loses nothing that it has acknowledged, and writes nothing by half."""

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dispatcher.store.database import Database
from tests.unit.store.notes import make_notes

_CHILD = Path(__file__).with_name("acknowledging_child.py")
_KILLS = 10


def _write_until_killed(path: Path, first: int, acknowledgements: int) -> list[int]:
    """Have a child write; kill it after so many acknowledgements; return all that it gave."""
    command = [sys.executable, str(_CHILD), str(path), str(first)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(acknowledgements)]
        child.kill()
        lines += child.stdout.readlines()
    return [int(line) for line in lines if line.endswith("\n")]


@pytest.mark.heavy
def test_a_killed_process_loses_no_acknowledged_row(path: Path) -> None:
    async def make() -> None:
        db = await Database.open(path)
        await make_notes(db)
        await db.close()

    asyncio.run(make())
    rng = random.Random(20)
    acknowledged: list[int] = []
    for kill in range(_KILLS):
        acknowledged += _write_until_killed(path, kill * 1_000_000, rng.randrange(1, 60))
    with closing(sqlite3.connect(path)) as database:
        written = {text for (text,) in database.execute("SELECT text FROM notes")}
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert len(acknowledged) >= _KILLS
    assert {f"{number} {half}" for number in acknowledged for half in ("first", "second")} <= written
    assert {text.split()[0] for text in written if text.endswith("first")} == {
        text.split()[0] for text in written if text.endswith("second")
    }
