"""Texts become vectors, by the model that was named or the default one and by no other, and it is written down."""

from collections.abc import Mapping

import pytest

from dispatcher.core.embedding import EmbedRequest
from dispatcher.core.task import Context, DispatchId, ModelId
from dispatcher.errors import (
    InvalidRequest,
    ModelNotFound,
)
from dispatcher.service.embed import Embedded
from tests.integration.conftest import Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import embedder, spec

DEFAULT = "all-minilm-l6-v2"


@pytest.fixture
async def client(start_sidecar: StartSidecar) -> Client:
    return await start_sidecar(spec(), embedder(DEFAULT), embedder("other", slots=2))


async def embed(client: Client, *texts: str, dispatch_id: str = "dsp_1", **changes: object) -> Embedded:
    values: dict[str, object] = {"model": None, "timeout_s": 20.0, "context": Context()}
    request = EmbedRequest(texts=texts, **{**values, **changes})  # type: ignore[arg-type]
    return await client.sidecar.embedder.embed(DispatchId(dispatch_id), request)


async def logged(client: Client, dispatch_id: str = "dsp_1") -> Mapping[str, object]:
    async def is_there() -> bool:
        async with client.http.get(f"/api/dispatches/{dispatch_id}") as response:
            return response.status == 200

    await until(is_there, "the row is in the log")
    return await client.get(f"/api/dispatches/{dispatch_id}")


async def test_texts_become_vectors_of_the_default_model_in_their_order(client: Client) -> None:
    done = await embed(client, "red apples", "blue sky", "red apples")
    first, second, third = done.vectors.vectors
    assert done.model_id == DEFAULT
    assert "AI_DISPATCH_EMBEDDING_MODEL" in done.chosen_because
    assert first == third
    assert first != second
    assert (len(first), done.vectors.prompt_tokens) == (8, 12)
    assert done.timing.load_s > 0


async def test_a_model_that_is_named_is_the_one_that_embeds(client: Client) -> None:
    done = await embed(client, "red", model=ModelId("other"))
    assert done.model_id == "other"
    assert done.chosen_because == "the request names it"
    running = (await client.get("/api/containers"))["containers"]
    assert {container["model"] for container in running} == {"other"}


async def test_no_texts_are_no_vectors_and_start_nothing(client: Client) -> None:
    assert (await embed(client)).vectors.vectors == ()
    assert (await client.get("/api/containers"))["containers"] == []


async def test_an_unknown_model_is_told_which_there_are(client: Client) -> None:
    with pytest.raises(ModelNotFound, match="for embeddings there are: all-minilm-l6-v2, other"):
        await embed(client, "red", model=ModelId("nomic"))


async def test_a_chat_model_does_not_embed(client: Client) -> None:
    with pytest.raises(InvalidRequest, match="small isn't for embeddings; those are: all-minilm-l6-v2, other"):
        await embed(client, "red", model=ModelId("small"))


async def test_a_model_for_embeddings_is_never_chosen_for_a_prompt(client: Client) -> None:
    reply = await client.ask()
    assert reply["model"] == "small"
    refused = {one["model"]: one["message"] for one in reply["decision"]["refused"]}
    assert refused[DEFAULT] == "it can't do text-generation"


async def test_what_happened_is_written_down_and_nothing_is_learned_of_it(client: Client) -> None:
    await embed(client, "red apples", context=Context(workflow_id="w1", node_id="n1"))
    row = await logged(client)
    assert (row["task_type"], row["ending"], row["model"]) == ("embedding", "succeeded", DEFAULT)
    assert row["usage"] == {"prompt_tokens": 4, "completion_tokens": 0}
    rows = (await client.get("/api/performance?group_by=task_type"))["rows"]
    assert [one["key"] for one in rows] == ["embedding"]
