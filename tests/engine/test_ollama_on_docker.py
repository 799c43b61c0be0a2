"""The plan's models as Ollama containers: fetched when first wanted, loaded, asked, and kept for the next start.

Ollama itself can't be had without its registry, so the image holds our stand-in, which speaks its protocol over real
llama.cpp; the contract tests hold it to what the real client expects.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from docker.errors import NotFound

from tests.engine.dockerd import PrivateEngine
from tests.engine.replicas import on
from tests.engine.test_sidecar_on_docker import Owner, running
from tests.integration.waiting import until

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]


@pytest.fixture
async def owner(engine: PrivateEngine, weights: Path, tmp_path: Path, ollama_image: str) -> AsyncIterator[Owner]:
    async with running(engine, weights, tmp_path, image_ollama=ollama_image) as found:
        yield found


async def test_a_model_is_fetched_when_it_is_first_wanted_and_not_again(owner: Owner, engine: PrivateEngine) -> None:
    with suppress(NotFound):  # another test may have fetched it before
        await on(engine, lambda client: client.remove_volume("ai-dispatch-ollama"))
    async with owner.http.post("/api/models/llama3.2-3b/pull") as response:
        events = (await response.text()).strip().split("\n\n")
    assert "event: progress" in events[0]
    assert "event: done" in events[-1]
    reply = await owner.ask(model="llama3.2-3b")
    assert reply["decision"]["way"] == "warm"
    assert reply["text"]
    await owner.call("POST", "/api/models/llama3.2-3b/stop", expect=202)

    async def stopped() -> bool:
        return not await owner.containers()

    await until(stopped, "the container is gone")
    again = await owner.ask(model="llama3.2-3b")
    assert again["decision"]["way"] == "load"
    assert again["usage"]["completion_tokens"] > 0


async def test_a_model_that_ollama_does_not_have_is_told_in_its_words(owner: Owner) -> None:
    patient = {"timeout": 3600, "max_tokens": 8}
    reply = await owner.ask(model="phi3-mini", requirements=patient, expect=503)
    assert reply["error"]["code"] == "replica_start_failed"
    assert "file does not exist" in reply["error"]["message"]


async def test_all_three_models_of_the_plan_are_offered_and_the_one_that_is_too_large_says_so(
    engine: PrivateEngine, weights: Path, tmp_path: Path, ollama_image: str
) -> None:
    async with running(engine, weights, tmp_path, image_ollama=ollama_image, memory_mib=4096) as owner:
        models = {model["id"] for model in (await owner.call("GET", "/api/models"))["models"]}
        assert {"llama3.2-3b", "phi3-mini", "qwen2.5-7b"} <= models
        reply = await owner.ask(model="qwen2.5-7b", expect=503)
        assert "AI_DISPATCH_MEMORY_MIB" in reply["error"]["message"]
