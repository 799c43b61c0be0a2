"""Real vectors through a whole sidecar: all-MiniLM-L6-v2 on llama.cpp."""

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dispatcher.app import Sidecar, sidecar
from dispatcher.core.embedding import EmbedRequest
from dispatcher.core.task import Context, DispatchId, ModelId
from dispatcher.service.embed import Embedded
from dispatcher.settings import load_settings
from tests.fakes.real_weights import EMBEDDER, SMALL, cache_folder, fetched

pytestmark = [pytest.mark.models, pytest.mark.weights, pytest.mark.heavy]


@pytest.fixture(scope="module")
def weights() -> Path:
    fetched(EMBEDDER)
    return cache_folder()


@pytest.fixture
async def running(tmp_path: Path, weights: Path) -> AsyncIterator[Sidecar]:
    given = {"port": 0, "data_dir": tmp_path, "weights_dir": weights, "memory_mib": 1024, "cores": 1}
    async with sidecar(load_settings(given)) as running:
        yield running


async def embed(running: Sidecar, *texts: str, model: ModelId | None = None) -> Embedded:
    request = EmbedRequest(texts, model, 60.0, Context())
    return await running.embedder.embed(DispatchId(f"dsp_{hash(texts)}"), request)


async def test_the_default_model_embeds_on_a_bare_machine(running: Sidecar) -> None:
    done = await embed(running, "How do I reset my password?", "I forgot my login credentials", "The weather is nice")
    first, second, third = done.vectors.vectors
    assert done.model_id == EMBEDDER
    assert done.vectors.size == 384
    assert done.timing.load_s > 0
    assert math.hypot(*first) == pytest.approx(1.0, abs=1e-5)
    near, far = (sum(a * b for a, b in zip(first, other, strict=True)) for other in (second, third))
    assert near > 0.6
    assert far < 0.2


async def test_the_same_text_has_the_same_vector_whoever_else_asks(running: Sidecar) -> None:
    said = [f"ticket {number}: my parcel is late" for number in range(24)]
    whole = await embed(running, *said)
    alone = await asyncio.gather(*(embed(running, text) for text in said))
    assert tuple(one.vectors.vectors[0] for one in alone) == whole.vectors.vectors
    assert len(list(running.fleet)) == 1


async def test_very_long_texts_are_cut_to_its_context(running: Sidecar) -> None:
    done = await embed(running, "rain " * 3000, "rain " * 3000 + "snow")
    assert done.vectors.prompt_tokens == 2 * 512
    assert done.vectors.vectors[0] == done.vectors.vectors[1]


async def test_a_chat_model_beside_it_takes_no_embeddings(running: Sidecar) -> None:
    with pytest.raises(Exception, match="isn't for embeddings; those are: all-minilm-l6-v2"):
        await embed(running, "hello", model=SMALL)
