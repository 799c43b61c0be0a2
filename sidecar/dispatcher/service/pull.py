"""Fetching a model, with progress for whoever watches."""

import asyncio
from collections.abc import AsyncIterator

import structlog

from dispatcher.core.model import ModelSpec
from dispatcher.core.replica import Fetching
from dispatcher.core.task import ModelId
from dispatcher.service.manage import Manager
from dispatcher.service.registry import Registry
from dispatcher.weights.library import WeightLibrary

_LOG = structlog.get_logger(__name__)
_EVERY_S = 0.25


class Puller:
    """Watches fetches; the library sees to it that a model is fetched once, whoever asks and leaves."""

    def __init__(self, registry: Registry, library: WeightLibrary, manager: Manager) -> None:
        self._registry = registry
        self._library = library
        self._manager = manager

    def progress(self, spec: ModelSpec) -> Fetching | None:
        """How far the fetch of a model's file is, if one runs."""
        if not self._registry.is_from_the_library(spec):
            return None
        progress = self._library.progress(self._registry.weights_of(spec))
        return Fetching(progress.source, progress.done_bytes, progress.total_bytes) if progress else None

    async def pull(self, spec: ModelSpec) -> AsyncIterator[Fetching]:
        """Bring a model here, and tell how far it is: its file, or by starting its server, which fetches it.

        Raises: WeightsUnavailable, WeightsCorrupt, ReplicaStartFailed, NoEligibleModel.
        """
        if self._registry.is_from_the_library(spec):
            async for fetching in self._from_the_library(spec):
                yield fetching
            return
        replica = self._manager.start(spec.id)
        while not replica.came_up.done():
            await asyncio.wait((replica.came_up,), timeout=_EVERY_S)
            if replica.fetching is not None:
                yield replica.fetching
        replica.came_up.result()

    async def _from_the_library(self, spec: ModelSpec) -> AsyncIterator[Fetching]:
        model_id = self._registry.weights_of(spec)
        fetch = asyncio.create_task(self._fetched(model_id), name=f"watch {model_id}")
        try:
            while not fetch.done():
                await asyncio.wait((fetch,), timeout=_EVERY_S)
                if (progress := self._library.progress(model_id)) is not None:
                    yield Fetching(progress.source, progress.done_bytes, progress.total_bytes)
            await fetch
        finally:
            fetch.cancel()  # only our watching: the library's fetch goes on

    async def _fetched(self, model_id: ModelId) -> None:
        path = await self._library.fetch(model_id)
        _LOG.info("weights_present", model=model_id, file=path.name)
