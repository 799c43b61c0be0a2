"""Texts become vectors, by the model that was named or the default one and by no other, and it is written down."""

import asyncio
from collections.abc import Mapping

import pytest

from dispatcher.core.embedding import TEXTS_MAX, EmbedRequest
from dispatcher.core.task import Capability, Context, DispatchId, ModelId, Privacy
from dispatcher.errors import (
    DeadlineExceeded,
    InvalidRequest,
    ModelNotFound,
    NoEligibleModel,
    RuntimeBadAnswer,
    RuntimeFault,
    RuntimeUnreachable,
)
from dispatcher.service.embed import Embedded
from dispatcher.store.outcomes import outcomes
from tests.fakes.behaviour import mark
from tests.integration.conftest import Client, StartSidecar
from tests.integration.waiting import until
from tests.unit.core.builders import embedder, spec

DEFAULT = "all-minilm-l6-v2"


@pytest.fixture
async def client(start_sidecar: StartSidecar) -> Client:
    return await start_sidecar(spec(), embedder(DEFAULT), embedder("other", slots=2), embedder("nomic-embed-text"))


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


async def replicas(client: Client) -> list[Mapping[str, object]]:
    found: list[Mapping[str, object]] = (await client.get("/api/containers"))["containers"]
    return found


async def behave(client: Client, model: str, **behaviour: object) -> None:
    """Have the running servers of a model behave so from now on."""
    for replica in client.sidecar.fleet:
        if replica.model_id == model and replica.endpoint is not None:
            async with client.http.post(f"{replica.endpoint.base_url}/fake/behaviour", json=behaviour) as response:
                assert response.status == 200


async def test_texts_become_vectors_of_the_default_model_in_their_order(client: Client) -> None:
    done = await embed(client, "red apples", "blue sky", "red apples")
    first, second, third = done.vectors.vectors
    assert done.model_id == DEFAULT
    assert "AI_DISPATCH_EMBEDDING_MODEL" in done.chosen_because
    assert first == third
    assert first != second
    assert (len(first), done.vectors.prompt_tokens) == (8, 12)
    assert done.timing.load_s > 0


async def test_the_default_can_be_set(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(embedder(DEFAULT), embedder("other"), embedding_model="other")
    assert (await embed(client, "red")).model_id == "other"


async def test_a_default_that_is_not_there_is_told_with_what_is(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec(), embedder("other"))
    with pytest.raises(ModelNotFound, match=r"all-minilm-l6-v2, isn't here .* there are: other; name one, or set AI_"):
        await embed(client, "red")


async def test_a_model_that_is_named_is_the_one_that_embeds(client: Client) -> None:
    done = await embed(client, "red", model=ModelId("other"))
    assert done.model_id == "other"
    assert done.chosen_because == "the request names it"
    assert {replica["model"] for replica in await replicas(client)} == {"other"}


async def test_no_texts_are_no_vectors_and_start_nothing(client: Client) -> None:
    assert (await embed(client)).vectors.vectors == ()
    assert await replicas(client) == []


async def test_an_empty_text_has_a_vector_too(client: Client) -> None:
    assert (await embed(client, "", "red")).vectors.size == 8


async def test_an_unknown_model_is_told_which_there_are(client: Client) -> None:
    with pytest.raises(ModelNotFound, match="for embeddings there are: all-minilm-l6-v2, nomic-embed-text, other"):
        await embed(client, "red", model=ModelId("bge"))


async def test_a_chat_model_does_not_embed(client: Client) -> None:
    with pytest.raises(InvalidRequest, match="small isn't for embeddings; those are: all-minilm-l6-v2"):
        await embed(client, "red", model=ModelId("small"))


async def test_a_model_that_can_do_both_does_both(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(spec("both", capabilities=frozenset({Capability.JSON, Capability.EMBEDDING})))
    assert (await embed(client, "red", model=ModelId("both"))).vectors.size == 8
    assert (await client.ask())["model"] == "both"


async def test_a_model_for_embeddings_is_never_chosen_for_a_prompt(client: Client) -> None:
    reply = await client.ask()
    assert reply["model"] == "small"
    refused = {one["model"]: one["message"] for one in reply["decision"]["refused"]}
    assert refused[DEFAULT] == "it can't do text-generation"


async def test_a_dispatch_that_wants_an_embedding_is_told_where_to_ask(client: Client) -> None:
    for path in ("/api/dispatch", "/api/explain", "/api/jobs"):
        reply = await client.post(path, {"prompt": "hi", "task_type": "embedding"}, 422)
        assert "POST /api/embed" in reply["error"]["message"]
        assert "POST /v1/embeddings" in reply["error"]["message"]


async def test_too_many_texts_and_too_long_ones_are_refused_at_once(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(embedder(DEFAULT), prompt_chars_max=100)
    with pytest.raises(InvalidRequest, match="2049 texts are more than the 2048 allowed"):
        await embed(client, *["x"] * (TEXTS_MAX + 1))
    with pytest.raises(InvalidRequest, match="101 characters are more than the 100 allowed"):
        await embed(client, "x" * 100, "y")


async def test_very_many_texts_are_asked_for_in_bites_and_come_in_order(client: Client) -> None:
    said = [f"text {number}" for number in range(600)]
    done = await embed(client, *said)
    (replica,) = client.sidecar.fleet
    assert replica.endpoint is not None
    async with client.http.get(f"{replica.endpoint.base_url}/fake/asked") as response:
        assert [len(body["input"]) for body in await response.json()] == [256, 256, 88]
    assert done.vectors.prompt_tokens == 4 * 600
    assert done.vectors.vectors[599] == (await embed(client, "text 599")).vectors.vectors[0]
    with pytest.raises(InvalidRequest, match="text 300 has 102 tokens"):
        await embed(client, *said[:300], "word " * 100, truncate=False)


async def test_long_texts_are_cut_unless_that_is_forbidden(client: Client) -> None:
    long = "word " * 100
    assert (await embed(client, long)).vectors.prompt_tokens == 64
    with pytest.raises(InvalidRequest, match="text 1 has 102 tokens and all-minilm-l6-v2 takes 64"):
        await embed(client, "short", long, truncate=False)


async def test_what_happened_is_written_down_and_nothing_is_learned_of_it(client: Client) -> None:
    await embed(client, "red apples", context=Context(workflow_id="w1", node_id="n1"))
    row = await logged(client)
    assert (row["task_type"], row["ending"], row["model"]) == ("embedding", "succeeded", DEFAULT)
    assert row["usage"] == {"prompt_tokens": 4, "completion_tokens": 0}
    rows = (await client.get("/api/performance?group_by=task_type"))["rows"]
    assert [one["key"] for one in rows] == ["embedding"]
    assert await outcomes(client.sidecar.database, 0.0, 10) == ()


async def test_a_refusal_is_written_down_too(client: Client) -> None:
    with pytest.raises(InvalidRequest):
        await embed(client, "red", model=ModelId("small"))
    assert (await logged(client))["error"] == "invalid_request"


async def test_a_disabled_model_and_one_without_weights_say_so(client: Client) -> None:
    headers = {"Authorization": f"Bearer {client.token('admin')}"}
    async with client.http.patch(f"/api/models/{DEFAULT}", json={"enabled": False}, headers=headers) as response:
        assert response.status == 200
    with pytest.raises(NoEligibleModel, match="all-minilm-l6-v2 can't take this: it is disabled"):
        await embed(client, "red")


async def test_vectors_are_shortened_only_where_the_model_is_made_for_it(client: Client) -> None:
    done = await embed(client, "red", model=ModelId("nomic-embed-text"), dimensions=4)
    (vector,) = done.vectors.vectors
    assert len(vector) == 4
    assert sum(number * number for number in vector) == pytest.approx(1.0)
    with pytest.raises(InvalidRequest, match="aren't made to be shortened to 4 numbers; leave it out, or say 8"):
        await embed(client, "red", dimensions=4)
    with pytest.raises(InvalidRequest, match="makes vectors of 8 numbers, not 9"):
        await embed(client, "red", model=ModelId("nomic-embed-text"), dimensions=9)
    assert (await embed(client, "red", dimensions=8)).vectors.size == 8


async def test_a_server_whose_vectors_change_their_size_has_failed(client: Client) -> None:
    await embed(client, "red")
    await behave(client, DEFAULT, dimensions=12)
    with pytest.raises(RuntimeBadAnswer, match="vectors of 12 numbers, before it was 8"):
        await embed(client, "red")


async def test_a_fault_is_tried_once_more_on_the_same_model(client: Client) -> None:
    with pytest.raises(RuntimeFault):
        await embed(client, mark(fault="status"), model=ModelId("other"))
    row = await logged(client)
    assert [attempt["model"] for attempt in row["attempts"]] == ["other", "other"]  # type: ignore[attr-defined]
    assert {replica["model"] for replica in await replicas(client)} == {"other"}


@pytest.mark.heavy
async def test_a_server_that_crashes_is_replaced_and_others_are_answered(client: Client) -> None:
    with pytest.raises(RuntimeUnreachable):
        await embed(client, mark(fault="crash"))
    assert (await embed(client, "red")).vectors.size == 8


@pytest.mark.heavy
async def test_the_deadline_ends_it(client: Client) -> None:
    with pytest.raises(DeadlineExceeded):
        await embed(client, mark(fault="hang"), timeout_s=1.0)
    assert (await logged(client))["ending"] == "timed_out"


async def test_a_caller_who_leaves_gives_its_place_back(client: Client) -> None:
    await embed(client, "red", dispatch_id="dsp_0")
    asking = asyncio.create_task(embed(client, mark(fault="hang"), timeout_s=60.0))

    async def is_asked() -> bool:
        return any(replica["in_flight"] == 1 for replica in await replicas(client))

    await until(is_asked, "it is being answered")
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert (await logged(client))["ending"] == "cancelled"
    assert (await embed(client, "blue", dispatch_id="dsp_2")).vectors.size == 8


async def test_many_callers_share_one_start_and_each_gets_its_own_vectors(client: Client) -> None:
    wanted = [f"text {number}" for number in range(40)]
    found = await asyncio.gather(*(embed(client, text, dispatch_id=f"dsp_{text}") for text in wanted))
    again = await embed(client, *wanted)
    assert tuple(one.vectors.vectors[0] for one in found) == again.vectors.vectors
    assert len(await replicas(client)) == 1
    assert all(replica.in_flight == 0 for replica in client.sidecar.fleet)


async def test_what_must_stay_local_never_leaves(start_sidecar: StartSidecar) -> None:
    client = await start_sidecar(embedder(DEFAULT, is_local=False))
    with pytest.raises(NoEligibleModel, match="it runs elsewhere"):
        await embed(client, "red", privacy=Privacy.LOCAL)
