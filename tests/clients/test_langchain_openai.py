"""LangChain's classes for OpenAI, through chat completions and through responses."""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import httpx
import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, Field, SecretStr

from tests.clients.sidecars import Served, faked, real
from tests.fakes.real_weights import EMBEDDER, SMALL

pytestmark = [pytest.mark.models, pytest.mark.weights, pytest.mark.heavy, pytest.mark.timeout(300)]


class City(BaseModel):
    """A city."""

    size: Literal["small", "large"] = Field(description="Its size.")
    is_old: bool


@tool
def weather(place: str) -> str:
    """The weather of a place."""
    return f"Snow in {place}."


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with real(tmp_path_factory.mktemp("real"), SMALL, EMBEDDER) as served:
        yield served


@pytest.fixture(scope="module")
def handy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    calls = [{"name": "weather", "arguments": {"place": "Oslo"}}]
    folder = tmp_path_factory.mktemp("faked")
    with faked(folder, capabilities=["json", "tools"], behaviour={"calls": calls}) as served:
        yield served


MakeModel = Callable[[Served], ChatOpenAI]


@pytest.fixture(params=[False, True], ids=["chat", "responses"])
def chat(request: pytest.FixtureRequest) -> MakeModel:
    """Makes a chat model of one kind."""

    def make(served: Served, **more: Any) -> ChatOpenAI:
        return ChatOpenAI(
            model="auto",
            base_url=f"{served.base_url}/v1",
            api_key=SecretStr(served.token),
            max_retries=0,
            use_responses_api=request.param,
            **more,
        )

    return make


def test_invoke_and_stream(served: Served, chat: MakeModel) -> None:
    model = chat(served, max_tokens=20)
    answer = model.invoke("Name a colour.")
    assert answer.text
    assert isinstance(answer, AIMessage)
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] > 0
    assert answer.response_metadata["model_name"] == SMALL
    assert "".join(chunk.text for chunk in model.stream("Name a colour."))


async def test_asynchronously(served: Served, chat: MakeModel) -> None:
    async with httpx.AsyncClient() as http:  # its own one outlives the test's event loop
        model = chat(served, http_async_client=http, max_tokens=20)
        assert (await model.ainvoke("Name a colour.")).text
        assert "".join([chunk.text async for chunk in model.astream("Name a colour.")])


def test_structured_output(served: Served, chat: MakeModel) -> None:
    assert isinstance(chat(served).with_structured_output(City).invoke("A city?"), City)
    assert isinstance(chat(served).with_structured_output(City, method="json_schema", strict=True).invoke("?"), City)


def test_tools_and_their_results(handy: Served, chat: MakeModel) -> None:
    model = chat(handy).bind_tools([weather])
    said = HumanMessage("Weather in Oslo?")
    answer = model.invoke([said])
    assert isinstance(answer, AIMessage)
    (call,) = answer.tool_calls
    assert (call["name"], call["args"]) == ("weather", {"place": "Oslo"})
    result = ToolMessage(weather.invoke(call["args"]), tool_call_id=call["id"])
    assert model.invoke([said, answer, result]).text
    streamed: Any = None
    for chunk in model.stream([said]):
        streamed = chunk if streamed is None else streamed + chunk
    assert [(one["name"], one["args"]) for one in streamed.tool_calls] == [("weather", {"place": "Oslo"})]


def test_vectors(served: Served) -> None:
    where: dict[str, Any] = {"base_url": f"{served.base_url}/v1", "api_key": SecretStr(served.token), "max_retries": 0}
    vectors = OpenAIEmbeddings(model="auto", check_embedding_ctx_length=False, **where)
    assert [len(one) for one in vectors.embed_documents(["one", "two"])] == [384, 384]
    assert len(vectors.embed_query("one")) == 384


def test_tokens_instead_of_texts_are_refused_with_the_option_that_helps(served: Served) -> None:
    with (
        openai.OpenAI(base_url=f"{served.base_url}/v1", api_key=served.token, max_retries=0) as client,
        pytest.raises(openai.BadRequestError, match="check_embedding_ctx_length=False"),
    ):
        client.embeddings.create(model="auto", input=[[15339, 1917]])  # as OpenAIEmbeddings does by itself
