"""A ranker is first read by a child, which may die of it."""

import asyncio
from pathlib import Path

import pytest

from dispatcher.learning.artifact import RankerBroken, write_artifact
from dispatcher.learning.child import ChildEnding, run_child
from dispatcher.learning.confine import Limits
from dispatcher.learning.verify import verified
from tests.unit.learning.rankers import a_card, a_model_text, a_ranker

_LIMITS = Limits(memory_bytes=2 << 30, cpu_s=20, wall_s=60.0)


async def test_a_sound_ranker_is_read(tmp_path: Path) -> None:
    card_hash = a_ranker(tmp_path / "r1")
    assert (await verified(tmp_path / "r1", card_hash)).card.rows == 300


async def test_a_broken_one_is_refused_in_words(tmp_path: Path) -> None:
    files = {"model.txt": a_model_text()[:-200].encode()}
    card_hash = write_artifact(tmp_path / "r1", a_card(files), files)
    with pytest.raises(RankerBroken, match="beginning or end"):
        await verified(tmp_path / "r1", card_hash)


async def test_a_reader_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    card_hash = a_ranker(tmp_path / "r1")
    with pytest.raises(RankerBroken, match="not done after"):
        await verified(tmp_path / "r1", card_hash, Limits(2 << 30, 20, wall_s=0.05))


async def test_a_reader_that_needs_too_much_memory_is_refused_it(tmp_path: Path) -> None:
    card_hash = a_ranker(tmp_path / "r1")
    with pytest.raises(RankerBroken):
        await verified(tmp_path / "r1", card_hash, Limits(64 << 20, 20, wall_s=60.0))


async def test_an_abort_of_the_child_is_only_the_childs() -> None:
    end = await run_child("tests.unit.learning.aborting", [], _LIMITS)
    assert end.ending is ChildEnding.CRASHED  # there is no such module where children look


async def test_whoever_stops_waiting_takes_the_child_along(tmp_path: Path) -> None:
    card_hash = a_ranker(tmp_path / "r1")
    task = asyncio.create_task(verified(tmp_path / "r1", card_hash))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
