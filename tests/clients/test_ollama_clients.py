"""The packages `ollama` and `langchain-ollama`, as people use them, against a sidecar over real llama.cpp."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import ollama
import pytest
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM
from pydantic import BaseModel, Field

from dispatcher.core.task import ModelId
from tests.clients.sidecars import Served, real
from tests.fakes.real_weights import EMBEDDER, SMALL

pytestmark = [pytest.mark.models, pytest.mark.weights, pytest.mark.heavy, pytest.mark.timeout(300)]

CODER = ModelId("qwen2.5-coder-0.5b-instruct")
SHORT = {"num_predict": 12, "temperature": 0.0}
HELLO = [{"role": "user", "content": "Name a colour."}]


class City(BaseModel):
    """What an answer must be."""

    name: str = Field(max_length=20)
    inhabitants: int = Field(ge=1, le=100_000_000)


def weather(city: str) -> str:
    """Tells the weather of a city.

    Args:
        city: its name
    """
    return f"4 degrees in {city}"


@tool
def rain(city: str) -> str:
    """Tell whether it rains in a city."""
    return f"no rain in {city}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with real(tmp_path_factory.mktemp("real"), SMALL, CODER, EMBEDDER) as served:
        yield served


@pytest.fixture
def client(served: Served) -> Iterator[ollama.Client]:
    with ollama.Client(host=served.base_url, headers=key(served), timeout=120.0) as client:
        yield client


@pytest.fixture
async def asking(served: Served) -> AsyncIterator[ollama.AsyncClient]:
    async with ollama.AsyncClient(host=served.base_url, headers=key(served), timeout=120.0) as client:
        yield client


def key(served: Served) -> dict[str, str]:
    return {"Authorization": f"Bearer {served.token}"}


class Chains:
    """Makes LangChain's chat models, which don't close what they opened."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._made: list[ChatOllama] = []

    def __call__(self, model: str = "auto", **changes: Any) -> ChatOllama:
        values: dict[str, Any] = {"num_predict": 12, "temperature": 0.0, **changes}
        made = ChatOllama(
            model=model, base_url=self._served.base_url, client_kwargs={"headers": key(self._served)}, **values
        )
        self._made.append(made)
        return made

    async def close(self) -> None:
        for made in self._made:
            made._client.close()
            await made._async_client.close()


@pytest.fixture
async def chain(served: Served) -> AsyncIterator[Chains]:
    chains = Chains(served)
    yield chains
    await chains.close()


def test_a_chat_comes_whole_and_in_pieces(client: ollama.Client) -> None:
    whole = client.chat("auto", HELLO, options=SHORT)
    assert whole.message.content
    assert whole.model in (SMALL, CODER)
    assert whole.eval_count is not None
    assert 0 < whole.eval_count <= 12
    assert whole.eval_duration is not None
    assert whole.eval_duration > 0
    pieces = list(client.chat(str(SMALL), HELLO, stream=True, options=SHORT))
    again = client.chat(str(SMALL), HELLO, options=SHORT)
    assert "".join(piece.message.content or "" for piece in pieces) == again.message.content
    assert [piece.done for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert pieces[-1].done_reason == "length"


def test_a_completion_comes_whole_and_in_pieces(client: ollama.Client) -> None:
    whole = client.generate(str(SMALL), "Name a colour.", system="Be brief.", options=SHORT)
    pieces = list(client.generate(str(SMALL), "Name a colour.", system="Be brief.", stream=True, options=SHORT))
    assert "".join(piece.response or "" for piece in pieces) == whole.response
    assert whole.prompt_eval_count is not None
    assert whole.prompt_eval_count > 5


def test_the_shape_that_is_asked_for_is_kept(client: ollama.Client) -> None:
    said = [{"role": "user", "content": "Which is the capital of France? Answer in JSON."}]
    reply = client.chat(str(CODER), said, format=City.model_json_schema(), options={"num_predict": 80})
    assert City.model_validate_json(reply.message.content or "")
    pieces = list(client.chat(str(CODER), said, format=City.model_json_schema(), stream=True))
    assert City.model_validate_json("".join(piece.message.content or "" for piece in pieces))


def test_a_tool_is_called_and_its_result_is_used(client: ollama.Client) -> None:
    said: list[Any] = [{"role": "user", "content": "What is the weather in Oslo? Use the tool."}]
    reply = client.chat(str(CODER), said, tools=[weather], options={"temperature": 0.0, "num_predict": 80})
    assert reply.message.tool_calls
    (call, *_) = reply.message.tool_calls
    assert call.function.name == "weather"
    assert "oslo" in str(call.function.arguments["city"]).lower()
    result = {"role": "tool", "content": weather(**call.function.arguments), "tool_name": call.function.name}
    last = client.chat(str(CODER), [*said, reply.message, result], tools=[weather], options={"num_predict": 80})
    assert last.message.content or last.message.tool_calls


def test_log_probabilities_come_with_the_tokens(client: ollama.Client) -> None:
    reply = client.chat(str(SMALL), HELLO, logprobs=True, top_logprobs=2, options=SHORT)
    assert reply.logprobs
    assert len(reply.logprobs) == reply.eval_count
    assert all(one.logprob <= 0 and len(one.top_logprobs or ()) == 2 for one in reply.logprobs)


def test_texts_become_vectors(client: ollama.Client) -> None:
    reply = client.embed("auto", ["a cat", "a kitten", "a tax form"])
    one, near, far = reply.embeddings
    assert dot(one, near) > dot(one, far)
    assert client.embed(str(EMBEDDER), "a cat").embeddings[0] == pytest.approx(one, abs=1e-4)
    assert client.embeddings(str(EMBEDDER), "a cat").embedding == pytest.approx(one, abs=1e-4)


def test_models_are_listed_shown_loaded_and_seen_in_memory(client: ollama.Client) -> None:
    names = [row.model for row in client.list().models]
    assert names[0] == "auto"
    assert {SMALL, CODER, EMBEDDER} <= set(names)
    (row,) = [row for row in client.list().models if row.model == SMALL]
    assert row.details is not None
    assert (row.details.parameter_size, row.details.quantization_level) == ("135M", "Q4_1")
    shown = client.show(str(CODER))
    assert shown.capabilities == ["completion", "tools"]
    assert client.show(str(EMBEDDER)).capabilities == ["embedding"]
    assert client.generate(str(SMALL)).done_reason == "load"
    (up,) = [one for one in client.ps().models if one.name == SMALL]
    assert up.expires_at is not None
    assert up.context_length == 4096
    assert client.generate(str(SMALL), keep_alive=0).done_reason == "unload"


@pytest.mark.parametrize(
    ("ask", "status", "told"),
    [
        (lambda client: client.chat("llama3.2", HELLO), 404, "model 'llama3.2' not found"),
        (lambda client: client.show("llama3.2"), 404, "not found"),
        (lambda client: client.chat("qwen2.5-coder-1.5b-instruct", HELLO), 404, "try pulling it first"),
        (lambda client: client.chat("auto", [{"role": "user", "content": "word " * 20_000}]), 400, "context"),
        (lambda client: client.chat(str(SMALL), HELLO, think=True), 400, "does not support thinking"),
        (lambda client: client.chat(str(EMBEDDER), HELLO), 400, "does not support chat"),
        (lambda client: client.chat(str(SMALL), HELLO, options={"top_p": 7}), 400, "options.top_p"),
        (lambda client: client.generate(str(SMALL), "x", raw=True), 400, "raw"),
        (lambda client: client.pull(str(SMALL)), 403, "admin"),
        (lambda client: client.delete(str(SMALL)), 403, "/api/models"),
        (lambda client: list(client.chat("llama3.2", HELLO, stream=True)), 404, "not found"),
    ],
)
def test_an_error_is_one_that_the_client_knows(
    client: ollama.Client, ask: Callable[[ollama.Client], object], status: int, told: str
) -> None:
    with pytest.raises(ollama.ResponseError, match=told) as caught:
        ask(client)
    assert caught.value.status_code == status


def test_without_a_token_it_says_where_to_put_it(served: Served) -> None:
    with ollama.Client(host=served.base_url) as stranger, pytest.raises(ollama.ResponseError, match="OLLAMA_API_KEY"):
        stranger.list()


def test_the_key_of_the_environment_is_taken(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", served.token)
    with ollama.Client(host=served.base_url) as client:
        assert client.list().models


async def test_many_ask_at_once_and_one_leaves(asking: ollama.AsyncClient, served: Served) -> None:
    async def one(number: int) -> str:
        said = [{"role": "user", "content": f"Say {number}."}]
        pieces = [piece async for piece in await asking.chat(str(SMALL), said, stream=True, options=SHORT)]
        assert pieces[-1].done
        return "".join(piece.message.content or "" for piece in pieces)

    assert all(await asyncio.gather(*(one(number) for number in range(4))))
    async with ollama.AsyncClient(host=served.base_url, headers=key(served), timeout=0.05) as hasty:
        with pytest.raises(httpx.TimeoutException):
            await hasty.chat(str(SMALL), HELLO, options={"num_predict": 400})
    assert (await asking.chat(str(SMALL), HELLO, options=SHORT)).done


def test_langchain_invokes_and_streams(chain: Chains) -> None:
    answer = chain().invoke([SystemMessage("Be brief."), HumanMessage("Name a colour.")])
    assert answer.content
    assert answer.usage_metadata is not None
    assert 0 < answer.usage_metadata["output_tokens"] <= 12
    assert answer.response_metadata["model"] in (SMALL, CODER)
    pieces = list(chain(str(SMALL)).stream("Name a colour."))
    assert "".join(str(piece.content) for piece in pieces)


async def test_langchain_streams_asynchronously(chain: Chains) -> None:
    pieces = [piece async for piece in chain(str(SMALL)).astream("Name a colour.")]
    assert len(pieces) > 3
    assert (await chain(str(SMALL)).ainvoke("Name a colour.")).content


def test_langchain_binds_tools_and_answers_with_their_results(chain: Chains) -> None:
    able = chain(str(CODER), num_predict=80).bind_tools([rain])
    question = HumanMessage("Does it rain in Oslo? Use the tool.")
    called = able.invoke([question])
    assert [call["name"] for call in called.tool_calls] == ["rain"]
    result = ToolMessage(rain.invoke(called.tool_calls[0]["args"]), tool_call_id=called.tool_calls[0]["id"])
    last = able.invoke([question, called, result])
    assert last.content or last.tool_calls


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_langchain_gets_structured_output(chain: Chains, method: Any) -> None:
    shaped = chain(str(CODER), num_predict=80).with_structured_output(City, method=method)
    said = "Paris has 2100000 inhabitants. Put that down with the tool City." if "call" in method else "Describe Paris."
    assert isinstance(shaped.invoke(said), City)


def test_langchain_completes_and_embeds(served: Served) -> None:
    where: dict[str, Any] = {"base_url": served.base_url, "client_kwargs": {"headers": key(served)}}
    completing = OllamaLLM(model=str(SMALL), num_predict=8, **where)
    assert completing.invoke("Name a colour.")
    embedding = OllamaEmbeddings(model="auto", **where)
    one, far = embedding.embed_documents(["a cat", "a tax form"])
    asked = embedding.embed_query("a kitten")
    assert dot(asked, one) > dot(asked, far)
    for opened in (completing._client, embedding._client):
        opened.close()


def test_langchain_says_what_is_wrong(chain: Chains) -> None:
    with pytest.raises(ollama.ResponseError, match="not found"):
        chain("llama3.2").invoke("Name a colour.")
    with pytest.raises(ValueError, match=r"llama3\.2.*not found"):
        chain("llama3.2", validate_model_on_init=True)
    assert chain("auto", validate_model_on_init=True)
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()  # what the model that wasn't made had opened


def dot(one: Any, other: Any) -> float:
    return float(sum(a * b for a, b in zip(one, other, strict=True)))
