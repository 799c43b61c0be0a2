"""Fetching a model's file, with progress for whoever watches."""

import asyncio
from collections.abc import AsyncIterator

import structlog

from dispatcher.core.task import ModelId
from dispatcher.weights.library import WeightLibrary
from dispatcher.weights.weightfile import Progress

_LOG = structlog.get_logger(__name__)
_EVERY_S = 0.25


class Puller:
    """Watches fetches; the library sees to it that a model is fetched once, whoever asks and leaves."""

    def __init__(self, library: WeightLibrary) -> None:
        self._library = library

    def progress(self, model_id: ModelId) -> Progress | None:
        """How far a running fetch is."""
        return self._library.progress(model_id)

    async def pull(self, model_id: ModelId) -> AsyncIterator[Progress]:
        """Fetch a model's file, and tell how far it is until it is there.

        Raises: WeightsUnavailable, WeightsCorrupt.
        """
        fetch = asyncio.create_task(self._fetched(model_id), name=f"watch {model_id}")
        try:
            while not fetch.done():
                await asyncio.wait((fetch,), timeout=_EVERY_S)
                if (progress := self._library.progress(model_id)) is not None:
                    yield progress
            await fetch
        finally:
            fetch.cancel()  # only our watching: the library's fetch goes on

    async def _fetched(self, model_id: ModelId) -> None:
        path = await self._library.fetch(model_id)
        _LOG.info("weights_present", model=model_id, file=path.name)
