"""Legacy completions and embeddings in OpenAI's protocol, over fake inference servers."""

import base64
import json
import struct

import pytest
from openai.types import Completion, CreateEmbeddingResponse

from tests.integration.conftest import Client, StartSidecar
from tests.integration.openai_wire import asked, events
from tests.unit.core.builders import embedder, spec

OLD = "/v1/completions"
VECTORS = "/v1/embeddings"
DEFAULT = "all-minilm-l6-v2"


@pytest.fixture
async def client(start_sidecar: StartSidecar) -> Client:
    return await start_sidecar(spec(), embedder(DEFAULT), embedder("nomic-embed-text"))


async def test_a_prompt_is_answered_as_a_chat(client: Client) -> None:
    reply = await client.post(OLD, {"model": "auto", "prompt": ["a b c"], "max_tokens": 100})
    whole = Completion.model_validate(reply, strict=True)
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage is not None
    assert (await asked(client))[-1]["messages"][-1] == {"role": "user", "content": "a b c"}

    body = {"model": "auto", "prompt": "a b c", "stream_options": {"include_usage": True}}
    *told, done = await events(client, OLD, body)
    *chunks, last, counted = [json.loads(one) for one in told]
    assert done == "[DONE]"
    assert "".join(one["choices"][0]["text"] for one in chunks) == whole.choices[0].text
    assert {one["choices"][0]["finish_reason"] for one in chunks} == {None}  # as OpenAI's own, whatever its types say
    assert last["choices"][0]["finish_reason"] == "stop"
    assert (counted["choices"], counted["usage"]) == ([], reply["usage"])


async def test_log_probabilities_stand_side_by_side(client: Client) -> None:
    reply = await client.post(OLD, {"prompt": "a b", "logprobs": 1})
    (choice,) = Completion.model_validate(reply, strict=True).choices
    assert choice.logprobs is not None
    tokens, offsets = choice.logprobs.tokens or [], choice.logprobs.text_offset or []
    assert "".join(tokens) == choice.text
    assert [choice.text[at:].startswith(token) for at, token in zip(offsets, tokens, strict=True)] == [True] * len(
        tokens
    )


_NO_CHAT = [
    ({"prompt": ["a", "b"]}, "prompt"),
    ({"prompt": [1, 2]}, "prompt"),
    ({"prompt": [[1, 2]]}, "prompt"),
    ({"prompt": ""}, "messages"),
    ({"echo": True}, "echo"),
    ({"suffix": "x"}, "suffix"),
    ({"best_of": 3}, "best_of"),
    ({"n": 3}, "n"),
    ({"logprobs": 6}, "logprobs"),
    ({"logit_bias": {"1": 1}}, "logit_bias"),
]


async def test_what_a_chat_cannot_do_is_refused_by_name(client: Client) -> None:
    for change, param in _NO_CHAT:
        assert (await client.post(OLD, {"prompt": "a", **change}, 400))["error"]["param"] == param


async def test_vectors_come_in_the_order_of_the_texts_as_numbers_or_packed(client: Client) -> None:
    texts = ["one", "two", "three"]
    plain = await client.post(VECTORS, {"model": "auto", "input": texts})
    packed = await client.post(VECTORS, {"model": "auto", "input": texts, "encoding_format": "base64", "user": "x"})
    whole = CreateEmbeddingResponse.model_validate(plain, strict=True)
    assert [one.index for one in whole.data] == [0, 1, 2]
    assert (whole.model, whole.usage.prompt_tokens) == (DEFAULT, whole.usage.total_tokens)
    for entry, found in zip(whole.data, packed["data"], strict=True):
        raw = base64.b64decode(found["embedding"])
        assert struct.unpack(f"<{len(raw) // 4}f", raw) == pytest.approx(entry.embedding)
    single = await client.post(VECTORS, {"model": DEFAULT, "input": "two"})
    assert single["data"][0]["embedding"] == whole.data[1].embedding


async def test_a_model_is_never_taken_for_another(client: Client) -> None:
    async with client.http.post(VECTORS, json={"model": "nomic-embed-text", "input": "a"}) as response:
        assert (await response.json())["model"] == response.headers["x-dispatch-model"] == "nomic-embed-text"
    missing = (await client.post(VECTORS, {"model": "text-embedding-3-small", "input": "a"}, 404))["error"]
    assert (missing["code"], missing["param"]) == ("model_not_found", "model")
    assert DEFAULT in missing["message"]
    assert (await client.post(VECTORS, {"model": "small", "input": "a"}, 400))["error"]["param"] == "model"


async def test_vectors_may_be_shortened_where_the_model_is_made_for_it(client: Client) -> None:
    reply = await client.post(VECTORS, {"model": "nomic-embed-text", "input": "a", "dimensions": 4})
    assert len(reply["data"][0]["embedding"]) == 4
    error = (await client.post(VECTORS, {"model": DEFAULT, "input": "a", "dimensions": 4}, 400))["error"]
    assert error["param"] == "dimensions"


_NO_TEXT = [
    ({"input": []}, "input", "a list of texts"),
    ({"input": ""}, "input[0]", "empty"),
    ({"input": ["a", ""]}, "input[1]", "empty"),
    ({"input": [1, 2, 3]}, "input", "check_embedding_ctx_length=False"),
    ({"input": [[1, 2], [3]]}, "input", "check_embedding_ctx_length=False"),
    ({"input": [None]}, "input[0]", "text"),
    ({"encoding_format": "int8"}, "encoding_format", "base64"),
    ({"dimensions": 0}, "dimensions", "1"),
]


async def test_what_is_no_text_is_refused_by_name(client: Client) -> None:
    for change, param, words in _NO_TEXT:
        error = (await client.post(VECTORS, {"model": "auto", "input": "a", **change}, 400))["error"]
        assert error["param"] == param
        assert words in error["message"]
