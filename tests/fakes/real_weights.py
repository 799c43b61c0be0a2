"""The real small model, in the cache that all test runs on a machine share."""

import asyncio
import os
import time
from pathlib import Path

import aiohttp

from dispatcher.core.task import ModelId
from dispatcher.weights.catalogue import CatalogueEntry, load_catalogue
from dispatcher.weights.library import WeightLibrary

SMALL = ModelId("smollm2-135m-instruct")
EMBEDDER = ModelId("all-minilm-l6-v2")


def cache_folder() -> Path:
    """Where fetched model files stay between runs."""
    base = os.environ.get("AI_DISPATCH_CACHE") or Path.home() / ".cache" / "ai-dispatch"
    return Path(base) / "weights"


def fetched(model_id: ModelId = SMALL) -> Path:
    """The model's verified file, fetched if it isn't there yet."""
    return asyncio.run(_fetched(model_id, load_catalogue()))


async def _fetched(model_id: ModelId, catalogue: tuple[CatalogueEntry, ...]) -> Path:
    async with aiohttp.ClientSession(trust_env=True) as session:
        library = WeightLibrary(cache_folder(), catalogue, session, time.monotonic)
        try:
            await library.scan()
            return await library.fetch(model_id)
        finally:
            await library.close()
