"""Training a ranker without holding anything up: in a child process, with limits on its time and memory."""

import asyncio
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from dispatcher.learning.artifact import Hash, clear_unfinished
from dispatcher.learning.child import ChildEnd, ChildEnding, run_child
from dispatcher.learning.confine import Limits

LIMITS = Limits(memory_bytes=3 << 30, cpu_s=300, wall_s=900.0)
_MODULE = "dispatcher.learning.train_child"
_NOT_ENOUGH = 4


class Failure(StrEnum):
    """Why there is no new ranker."""

    NOT_ENOUGH_DATA = "not_enough_data"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Trained:
    """A new ranker's folder, the hash it is read by, and what it was made of."""

    folder: Path
    card_hash: str
    rows: int
    metrics: dict[str, float]
    peak_mib: float


@dataclass(frozen=True, slots=True)
class NotTrained:
    """No new ranker, and why; `words` are for the log."""

    failure: Failure
    words: str


TrainResult = Trained | NotTrained


@dataclass(frozen=True, slots=True)
class Order:
    """What to train: from which dataset, into which folder (made by the training), and what its card says.

    `first_at` to `last_at` is the range of the dataset's outcomes, Unix seconds; `parent` the hash of the ranker it
    comes after.
    """

    dataset: Path
    folder: Path
    created_at: float
    first_at: float
    last_at: float
    parent: str | None = None


async def train(order: Order, limits: Limits = LIMITS) -> TrainResult:
    """Train a ranker; the event loop only waits for the child, which is killed when this is cancelled.

    One at a time for each parent folder: unless there is a ranker, nothing is left behind there.
    """
    made: TrainResult | None = None
    try:
        made = await _trained(order, limits)
    finally:
        if not isinstance(made, Trained):
            await asyncio.shield(asyncio.to_thread(_clear, order.folder))
    return made


async def _trained(order: Order, limits: Limits) -> TrainResult:
    times = (repr(at) for at in (order.created_at, order.first_at, order.last_at))
    arguments = [str(order.dataset), str(order.folder), *times, order.parent or ""]
    end = await run_child(_MODULE, arguments, limits)
    if end.ending is not ChildEnding.DONE:
        return NotTrained(_failure(end), end.words)
    try:
        said = _Said.model_validate_json(end.output)
    except ValidationError:
        return NotTrained(Failure.CRASHED, "the training ended without saying what it made")
    return Trained(order.folder, said.hash, said.rows, said.metrics, said.peak_mib)


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    hash: Hash
    rows: int
    metrics: dict[str, float]
    peak_mib: float


def _clear(folder: Path) -> None:
    """A child that was killed may have left a half, or just have been done."""
    shutil.rmtree(folder, ignore_errors=True)
    clear_unfinished(folder.parent)


def _failure(end: ChildEnd) -> Failure:
    if end.code == _NOT_ENOUGH:
        return Failure.NOT_ENOUGH_DATA
    return Failure(end.ending)
