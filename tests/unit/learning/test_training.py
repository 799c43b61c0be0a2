"""Training in a child that may fail in every way, with the loop free meanwhile."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from dispatcher.learning.confine import Limits
from dispatcher.learning.quality import QualityModel
from dispatcher.learning.training import Failure, NotTrained, Order, Trained, train
from dispatcher.learning.verify import verified
from tests.integration.waiting import until
from tests.unit.learning.lessons import a_dataset, lessons

pytestmark = pytest.mark.heavy

_LIMITS = Limits(memory_bytes=3 << 30, cpu_s=60, wall_s=100.0)


def _order(folder: Path, count: int = 700) -> Order:
    a_dataset(folder / "dataset", *lessons(count, slower=lambda tokens: 1.0 + tokens / 800))
    return Order(folder / "dataset", folder / "ranker", created_at=3.0, first_at=1.0, last_at=2.0)


def _left(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _failure(made: object) -> Failure:
    assert isinstance(made, NotTrained)
    return made.failure


async def test_a_ranker_is_made_and_can_be_read(tmp_path: Path) -> None:
    made = await train(_order(tmp_path), _LIMITS)
    assert isinstance(made, Trained)
    artifact = await verified(made.folder, made.card_hash)
    assert artifact.card.rows == 700
    assert (artifact.card.first_at, artifact.card.last_at, artifact.card.created_at) == (1.0, 2.0, 3.0)
    assert {"quality.txt", "times_reading.txt"} <= artifact.files.keys()
    QualityModel.from_parts(artifact.files)
    assert 0 < made.peak_mib < 1024


async def test_the_same_outcomes_make_the_same_ranker(tmp_path: Path) -> None:
    order = _order(tmp_path)
    first, second = await train(order, _LIMITS), await train(replace(order, folder=tmp_path / "again"), _LIMITS)
    assert isinstance(first, Trained)
    assert isinstance(second, Trained)
    assert first.card_hash == second.card_hash


async def test_too_little_is_no_ranker(tmp_path: Path) -> None:
    assert _failure(await train(_order(tmp_path, 50), _LIMITS)) is Failure.NOT_ENOUGH_DATA
    assert not (tmp_path / "ranker").exists()


async def test_a_training_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    order = _order(tmp_path)
    assert _failure(await train(order, replace(_LIMITS, wall_s=0.2))) is Failure.TIMED_OUT
    assert _left(tmp_path) == ["dataset"]


async def test_a_training_that_computes_too_much_is_killed(tmp_path: Path) -> None:
    assert _failure(await train(_order(tmp_path, 4000), replace(_LIMITS, cpu_s=1))) is Failure.TIMED_OUT
    assert _left(tmp_path) == ["dataset"]


async def test_a_training_that_needs_too_much_memory_fails_alone(tmp_path: Path) -> None:
    made = await train(_order(tmp_path), replace(_LIMITS, memory_bytes=150 << 20))
    assert _failure(made) in (Failure.OUT_OF_MEMORY, Failure.CRASHED)


async def test_a_broken_dataset_is_a_crash_of_the_child(tmp_path: Path) -> None:
    (tmp_path / "dataset").write_bytes(b"not one")
    made = await train(Order(tmp_path / "dataset", tmp_path / "ranker", 0.0, 0.0, 0.0), _LIMITS)
    assert isinstance(made, NotTrained)
    assert made.failure is Failure.CRASHED
    assert "DatasetBroken" in made.words


async def test_the_loop_turns_while_a_ranker_is_trained(tmp_path: Path) -> None:
    task = asyncio.create_task(train(_order(tmp_path), _LIMITS))
    turns = 0
    while not task.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert turns > 10


async def test_whoever_calls_it_off_takes_the_child_along(tmp_path: Path) -> None:
    task = asyncio.create_task(train(_order(tmp_path), _LIMITS))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not (tmp_path / "ranker").exists()


async def test_a_training_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """Also when that was killed and could tell nobody."""
    order = _order(tmp_path, 6000)
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PARENT, str(order.dataset), str(order.folder), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    await parent.stdout.readline()

    async def children() -> list[psutil.Process]:
        return psutil.Process(parent.pid).children()

    (child,) = await until(children, "the training runs")
    parent.kill()
    await parent.wait()
    await asyncio.to_thread(psutil.wait_procs, [child], 10)
    assert not child.is_running()


_PARENT = """
import asyncio, sys
from pathlib import Path
from dispatcher.learning.training import Order, train
print("ready", flush=True)
asyncio.run(train(Order(Path(sys.argv[1]), Path(sys.argv[2]), 0.0, 0.0, 0.0)))
"""
