"""The learning part of the composition root: who forecasts, and how that gets better."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from dispatcher.core.exploration import Exploration, Explorer
from dispatcher.core.forecast import RANKER
from dispatcher.core.promotion import Stage
from dispatcher.core.ranker_entry import RankerEntry
from dispatcher.core.task import ModelId
from dispatcher.learning.artifact import clear_unfinished
from dispatcher.learning.assemble import Assembler
from dispatcher.learning.dataset import DatasetWriter
from dispatcher.learning.prior_base import PriorBase, load_prior_base
from dispatcher.learning.ranker import Experience
from dispatcher.metrics import Metrics
from dispatcher.service.generations import Generations
from dispatcher.service.learn import Learner
from dispatcher.service.lessons import Lessons
from dispatcher.service.panel import Panel
from dispatcher.service.promote import Promoter
from dispatcher.service.ranker_shelf import RankerShelf
from dispatcher.service.rankers import Rankers
from dispatcher.service.registry import Registry
from dispatcher.service.tasks import KeptTasks
from dispatcher.service.train import Trainer
from dispatcher.service.variants import Variants
from dispatcher.settings import Settings
from dispatcher.store.database import Database
from dispatcher.store.dispatches import explored_counts

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Learning:
    """What the rest of the sidecar uses of it."""

    panel: Panel
    explorer: Explorer
    chance: random.Random
    rankers: Rankers
    train: Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Ground:
    """What learning stands on."""

    database: Database
    registry: Registry
    generations: Generations
    variants: Variants
    metrics: Metrics
    tasks: KeptTasks
    wall: Callable[[], float]


async def build_learning(ground: Ground, settings: Settings, threads: int, chance: random.Random) -> Learning:
    """Build it, and start its loops."""
    prior = await asyncio.to_thread(_shipped_prior)
    experience = Experience()
    assembler = Assembler(experience, prior)
    first = assembler.prior_ranker()
    panel = Panel(first, chance)
    explorer = Explorer(Exploration(settings.exploration), await explored_counts(ground.database))

    def forget(model_id: ModelId) -> None:
        experience.reset(model_id)
        panel.reset(model_id)
        explorer.reset(model_id)

    def new_lessons() -> Lessons:
        return Lessons(ground.registry, ground.generations, threads, settings.max_tokens_default)

    ground.generations.on_new = forget
    folder = await asyncio.to_thread(_folder, settings.data_dir)
    shelf = RankerShelf(
        ground.database,
        folder,
        assembler.trained_ranker,
        new_lessons,
        lambda: {spec.id: spec for spec in ground.registry},
    )
    promoter = Promoter(ground.database, shelf, panel, first, ground.tasks, ground.metrics, ground.wall)
    trainer = Trainer(ground.database, shelf, promoter, new_lessons, lambda: _dataset(prior), folder, ground.wall)
    learner = Learner(ground.database, new_lessons(), panel, experience, ground.variants, ground.wall)
    ground.tasks.supervise(learner.run, "learn")
    ground.tasks.keep(promoter.restore(), "restore rankers")
    ground.tasks.supervise(trainer.run, "train")
    rankers = Rankers(ground.database, _prior_entry(), shelf.judge, promoter.install, ground.wall)
    return Learning(panel, explorer, chance, rankers, trainer.train_now)


def _shipped_prior() -> PriorBase | None:
    """What comes with the package; None where LightGBM can't be loaded, such as without libgomp."""
    try:
        return load_prior_base()
    except (OSError, ImportError) as error:
        _LOG.warning("lightgbm_missing", reason=str(error), effect="forecasts come from the catalogue and the log")
        return None


def _folder(data_dir: Path) -> Path:
    folder = data_dir / "rankers"
    folder.mkdir(mode=0o700, exist_ok=True)
    clear_unfinished(folder)
    return folder


def _dataset(prior: PriorBase | None) -> DatasetWriter:
    return DatasetWriter(prior.encoder.version, prior.encoder.width) if prior else DatasetWriter("", 0)


def _prior_entry() -> RankerEntry:
    return RankerEntry(RANKER, 0.0, Stage.LIVE, "", "{}", None, 0.0, "comes with this package")
